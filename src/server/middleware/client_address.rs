//! Where a request comes from, for the limits: the connection's other end, or what a proxy of ours says about it.
//!
//! Only the addresses in `[server] trusted_proxies` are believed, hop by hop from the right: everything to the left of
//! the first stranger was written by that stranger.

use http::HeaderMap;
use std::net::{IpAddr, Ipv4Addr};

/// The other end of the connection; put into each request by the accept loop.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub IpAddr);

/// The client's address.
#[must_use]
pub fn of(peer: Option<&PeerAddress>, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> IpAddr {
    let mut address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.to_canonical());
    let hops = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).collect();
    for hop in hops.iter().rev() {
        if !trusted_proxies.contains(&address) {
            break;
        }
        let Ok(next) = hop.trim().parse::<IpAddr>() else { break };
        address = next.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_chain(peer: [u8; 4], chain: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", chain.parse().expect("a header"));
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
        assert_eq!(of_chain([10, 0, 0, 1], "nonsense"), "10.0.0.1");
    }
}
