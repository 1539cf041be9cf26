//! Where a request comes from, for the limits: the connection's other end, or what a proxy of ours says about it.
//!
//! Only the addresses in `[server] trusted_proxies` are believed, hop by hop from the right: everything to the left of
//! the first stranger was written by that stranger.

use http::HeaderMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The other end of the connection; put into each request by the accept loop.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub IpAddr);

/// The client's address.
#[must_use]
pub fn of(peer: Option<&PeerAddress>, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> IpAddr {
    let mut address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.to_canonical());
    // as bytes: what a stranger wrote to the left must not make what our proxy added unreadable
    let hops = headers.get_all("x-forwarded-for").iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let hops: Vec<&[u8]> = hops.collect();
    for hop in hops.iter().rev() {
        if !trusted_proxies.contains(&address) {
            break;
        }
        let Some(next) = parse(hop) else { break };
        address = next.to_canonical();
    }
    address
}

/// An address, as some proxies write it with its port.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of_chain(peer: [u8; 4], chain: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in chain.split('\n') {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).expect("a header"));
        }
        headers.insert("forwarded", HeaderValue::from_static("for=192.0.2.99"));
        let proxies = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        of(Some(&PeerAddress(peer.into())), &headers, &proxies).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_an_address() {
        assert_eq!(of_chain([203, 0, 113, 7], "198.51.100.1"), "203.0.113.7");
    }

    #[test]
    fn the_first_hop_that_is_no_proxy_of_ours_is_the_client() {
        assert_eq!(of_chain([10, 0, 0, 1], "1.2.3.4, 203.0.113.7, 10.0.0.2"), "203.0.113.7");
        assert_eq!(of_chain([10, 0, 0, 1], "1.2.3.4\n203.0.113.7, 10.0.0.2\n10.0.0.1"), "203.0.113.7", "header by header");
        assert_eq!(of_chain([10, 0, 0, 1], "10.0.0.2"), "10.0.0.2", "a proxy that asks for itself");
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain_and_hides_nothing_to_its_right() {
        for nonsense in ["nonsense", "", "\u{ff}\u{fe}", "1.2.3.4.5", "unknown", "_hidden"] {
            assert_eq!(of_chain([10, 0, 0, 1], nonsense), "10.0.0.1", "{nonsense:?}");
            assert_eq!(of_chain([10, 0, 0, 1], &format!("{nonsense}, 203.0.113.7")), "203.0.113.7", "{nonsense:?}");
        }
    }

    #[test]
    fn an_address_may_come_with_its_port_and_in_either_family() {
        assert_eq!(of_chain([10, 0, 0, 1], "203.0.113.7:4711"), "203.0.113.7");
        assert_eq!(of_chain([10, 0, 0, 1], "[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(of_chain([10, 0, 0, 1], "2001:db8::7"), "2001:db8::7");
        assert_eq!(of_chain([10, 0, 0, 1], "::ffff:203.0.113.7"), "203.0.113.7");
    }
}
