//! Starting and stopping the parts of a control plane.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::audit;
use super::certificates::Identity;
use super::ports::address;
use super::process::Guarded;
use super::{ControlPlane, START_LIMIT, access, kubeconfig, wait};

/// The audit log's name in the control plane's directory.
pub(super) const AUDIT_LOG: &str = "audit.log";

impl ControlPlane {
    /// Writes the files that etcd and the API server read at their start.
    pub(super) fn prepare(&self) {
        fs::write(self.directory().join("audit-policy.yaml"), audit::POLICY)
            .and_then(|()| fs::write(self.directory().join(AUDIT_LOG), ""))
            .expect("the control plane's files are written");
        self.authority.server();
        self.authority.service_accounts();
    }

    /// Kills etcd: the API server stays up and fails.
    pub(crate) fn stop_etcd(&self) {
        drop(lock(&self.etcd).take());
    }

    /// Starts etcd again with the data that it had.
    pub(crate) fn start_etcd(&self) {
        self.run_etcd(START_LIMIT)
            .unwrap_or_else(|words| panic!("etcd did not start again:\n{words}"));
        wait::until(START_LIMIT, "the API server is ready again", || {
            access::is_ready(&self.admin_kubeconfig).then_some(())
        });
    }

    /// Kills the API server as a crash does: connections end in the middle.
    pub(crate) fn kill_api_server(&self) {
        drop(lock(&self.api_server).take());
    }

    /// Starts the API server again at the same address, with further arguments (such as
    /// `--feature-gates=WatchList=false`), and waits until it is ready.
    pub(crate) fn start_api_server(&self, further: &[&str]) {
        self.run_api_server(START_LIMIT, further)
            .unwrap_or_else(|words| panic!("the API server did not start again:\n{words}"));
    }

    /// Starts the controllers (namespace deletion, garbage collection), which most tests do without.
    pub(crate) fn start_controller_manager(&self) {
        let program = self.binaries.path("kube-controller-manager");
        assert!(
            program.is_file(),
            "there is no {}: run tests/run.sh without KUBEBUILDER_ASSETS, which builds one",
            program.display()
        );
        let service_accounts = self.certificate_files("service-accounts");
        let args = vec![
            format!("--kubeconfig={}", self.admin_kubeconfig.display()),
            format!("--root-ca-file={}", self.authority.certificate().display()),
            format!(
                "--service-account-private-key-file={}",
                service_accounts.key.display()
            ),
            "--use-service-account-credentials=true".into(),
            "--leader-elect=false".into(),
            // It serves nothing: metrics and health checks are not asked for.
            "--secure-port=0".into(),
        ];
        let running = self
            .workspace
            .spawn("kube-controller-manager", &program, &args)
            .expect("kube-controller-manager starts");
        *lock(&self.controller_manager) = Some(running);
    }

    pub(super) fn run_etcd(&self, limit: Duration) -> Result<(), String> {
        let server = self.certificate_files("server");
        let authority = self.authority.certificate();
        let clients = format!("https://{}", address(self.ports.etcd));
        let peers = format!("https://{}", address(self.ports.etcd_peers));
        let mut args = vec![
            "--name=test".into(),
            flag("data-dir", &self.directory().join("etcd")),
            format!("--listen-client-urls={clients}"),
            format!("--advertise-client-urls={clients}"),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=test={peers}"),
            // The data outlives a crash of etcd, not of the machine: enough for a test, and ten times as fast.
            "--unsafe-no-fsync".into(),
            "--log-level=warn".into(),
        ];
        for prefix in ["", "peer-"] {
            args.extend([
                format!("--{prefix}client-cert-auth"),
                flag(&format!("{prefix}trusted-ca-file"), &authority),
                flag(&format!("{prefix}cert-file"), &server.certificate),
                flag(&format!("{prefix}key-file"), &server.key),
            ]);
        }
        let mut etcd = self
            .workspace
            .spawn("etcd", &self.binaries.path("etcd"), &args)
            .map_err(|error| format!("etcd: {error}"))?;
        let kubeconfig = kubeconfig::write(self.directory(), &clients, &authority, "etcd", &server);
        wait_for(&mut etcd, "etcd", limit, || {
            access::is_etcd_healthy(&kubeconfig)
        })?;
        *lock(&self.etcd) = Some(etcd);
        Ok(())
    }

    pub(super) fn run_api_server(&self, limit: Duration, further: &[&str]) -> Result<(), String> {
        let server = self.certificate_files("server");
        let service_accounts = self.certificate_files("service-accounts");
        let authority = self.authority.certificate();
        let mut args = vec![
            format!("--etcd-servers=https://{}", address(self.ports.etcd)),
            flag("etcd-cafile", &authority),
            flag("etcd-certfile", &server.certificate),
            flag("etcd-keyfile", &server.key),
            "--bind-address=127.0.0.1".into(),
            // Else it looks for the machine's address, and does not start where there is no network.
            "--advertise-address=127.0.0.1".into(),
            "--external-hostname=localhost".into(),
            format!("--secure-port={}", self.ports.api_server),
            flag("tls-cert-file", &server.certificate),
            flag("tls-private-key-file", &server.key),
            flag("client-ca-file", &authority),
            "--authorization-mode=RBAC".into(),
            "--service-account-issuer=https://kubernetes.default.svc".into(),
            flag("service-account-key-file", &service_accounts.certificate),
            flag("service-account-signing-key-file", &service_accounts.key),
            "--service-cluster-ip-range=10.0.0.0/24".into(),
            // Loopback is no address for the endpoints of the `kubernetes` service.
            "--endpoint-reconciler-type=none".into(),
            flag(
                "audit-policy-file",
                &self.directory().join("audit-policy.yaml"),
            ),
            flag("audit-log-path", &self.directory().join(AUDIT_LOG)),
        ];
        args.extend(further.iter().map(ToString::to_string));
        let mut running = self
            .workspace
            .spawn(
                "kube-apiserver",
                &self.binaries.path("kube-apiserver"),
                &args,
            )
            .map_err(|error| format!("kube-apiserver: {error}"))?;
        wait_for(&mut running, "kube-apiserver", limit, || {
            access::is_ready(&self.admin_kubeconfig)
        })?;
        *lock(&self.api_server) = Some(running);
        Ok(())
    }

    fn certificate_files(&self, name: &str) -> Identity {
        self.authority.identity(name)
    }
}

/// Waits for a condition while the program runs.
fn wait_for(
    program: &mut Guarded,
    name: &str,
    limit: Duration,
    condition: impl Fn() -> bool,
) -> Result<(), String> {
    let ended = wait::within(limit, || {
        if program.has_ended() {
            return Some(true);
        }
        condition().then_some(false)
    });
    match ended {
        Some(false) => Ok(()),
        Some(true) => Err(format!("{name} ended:\n{}", program.last_words())),
        None => Err(format!(
            "{name} was not ready within {limit:?}:\n{}",
            program.last_words()
        )),
    }
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

/// A test that panicked while it held the lock changes nothing for the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
