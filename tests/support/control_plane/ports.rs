//! Loopback ports that are free at the moment.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below the range that systems hand out to outgoing connections (32768 and up on Linux), so that a server that
/// is stopped and started again finds its port free.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// The ports of one control plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) etcd_peers: u16,
    pub(crate) api_server: u16,
}

impl Ports {
    /// Three ports that nobody listens on now.
    pub(crate) fn free() -> Self {
        // Held until all are chosen, so that they differ.
        let mut held = Vec::new();
        let [etcd, etcd_peers, api_server] = std::array::from_fn(|_| {
            loop {
                let port = fastrand::u16(RANGE);
                if let Ok(listener) = TcpListener::bind(address(port)) {
                    held.push(listener);
                    break port;
                }
            }
        });
        Self {
            etcd,
            etcd_peers,
            api_server,
        }
    }

    pub(super) fn server_url(&self) -> String {
        format!("https://{}", address(self.api_server))
    }
}

/// The loopback address of a port.
pub(super) fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
