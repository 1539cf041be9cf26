//! A real nginx before the instances, with the file that operators are given: `docs/nginx.conf`, other addresses put in.

use super::signal;
use crate::Failure;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// A running nginx.
pub struct Balancer {
    /// Where it listens.
    pub address: SocketAddr,
    nginx: Child,
}

/// Where the file says the two instances are.
const PLACES: [&str; 2] = ["127.0.0.1:3000", "127.0.0.1:3010"];

impl Balancer {
    /// Before these instances.
    pub async fn start(program: &Path, config: &Path, folder: &Path, instances: [SocketAddr; 2]) -> Result<Self, Failure> {
        let address = super::free_address()?;
        let home = folder.join("nginx");
        fs::create_dir_all(&home)?;
        let mut text = fs::read_to_string(config)?;
        for (place, instance) in PLACES.iter().zip(instances) {
            let (there, here) = (format!("server {place}"), format!("server {instance}"));
            if !text.contains(&there) {
                return Err(format!("{} names no {there}", config.display()).into());
            }
            text = text.replace(&there, &here);
        }
        text = text.replace("/var/log/nginx", &home.display().to_string());
        // TLS is the one part that a test cannot have as it stands: it needs a certificate of a name
        text = without_tls(&text, &format!("listen {address};"));
        let main = format!(
            "daemon off;\nmaster_process on;\nworker_processes 1;\npid {home}/pid;\nerror_log {home}/error.log;\nevents {{ worker_connections 4096; }}\n\
             http {{\naccess_log off;\nclient_body_temp_path {home}/body;\nproxy_temp_path {home}/proxy;\nfastcgi_temp_path {home}/f;\nuwsgi_temp_path {home}/u;\nscgi_temp_path {home}/s;\n{text}\n}}\n",
            home = home.display()
        );
        let file: PathBuf = home.join("nginx.conf");
        fs::write(&file, main)?;
        let log = fs::File::create(home.join("output.log"))?;
        let (error, home) = (home.join("error.log"), home.clone());
        let mut nginx = (Command::new(program).arg("-c").arg(&file).arg("-p").arg(&home).arg("-e").arg(&error))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let began = Instant::now();
        while super::instance::get(address, "/healthz").await.is_none_or(|(status, _)| status != 200) {
            if began.elapsed() > Duration::from_secs(10) || nginx.try_wait()?.is_some() {
                let _ = nginx.kill();
                let _ = nginx.wait();
                return Err(format!("nginx did not start; its logs are in {}", home.display()).into());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { address, nginx })
    }
}

/// The same server without certificates, listening here.
fn without_tls(text: &str, listen: &str) -> String {
    let mut lines = Vec::new();
    let mut listens = false;
    for line in text.lines() {
        match line.trim_start() {
            rest if rest.starts_with("listen ") => {
                if !std::mem::replace(&mut listens, true) {
                    lines.push(listen);
                }
            }
            rest if rest.starts_with("ssl_") || rest.starts_with("http2 ") => {}
            _ => lines.push(line),
        }
    }
    lines.join("\n")
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = signal("TERM", &[self.nginx.id()]);
        let _ = self.nginx.wait();
    }
}
