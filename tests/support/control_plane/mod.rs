//! A real control plane: etcd and kube-apiserver on loopback, with their own certificates, RBAC and an audit
//! log. See `tests/README.md` for how to use it.
//!
//! Everything here blocks, and works from plain and from asynchronous tests.

mod access;
mod audit;
mod binaries;
mod certificates;
mod kubeconfig;
mod ports;
mod process;
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::wait;
pub(crate) use audit::AuditEvent;
use binaries::Binaries;
use certificates::Authority;
pub(crate) use ports::Ports;
use process::{Guarded, Workspace};

/// What a start may take. It takes 3 to 4 s on a quiet machine with two cores, 5 to 10 s beside a build.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(30);

/// How often other ports are tried when somebody took one between its choice and its use.
const ATTEMPTS: usize = 5;

/// A running control plane; stopped, and its files removed, when dropped or when the test process ends.
pub(crate) struct ControlPlane {
    // Dropped in this order: the programs before the directory that they write to.
    controller_manager: Mutex<Option<Guarded>>,
    api_server: Mutex<Option<Guarded>>,
    etcd: Mutex<Option<Guarded>>,
    workspace: Workspace,
    binaries: Binaries,
    authority: Authority,
    ports: Ports,
    admin_kubeconfig: PathBuf,
}

impl ControlPlane {
    /// The control plane that the tests of this process share: use a CRD group and namespaces of your own in it.
    /// A test that stops a part of it starts its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<ControlPlane> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts a control plane and waits until it is ready.
    ///
    /// # Panics
    /// When the programs are not there, saying how to get them; and when they do not start.
    pub(crate) fn start() -> Self {
        Self::start_on(Ports::free)
    }

    /// As [`ControlPlane::start`], on the ports that `choose` gives: again when one of them is taken.
    pub(crate) fn start_on(mut choose: impl FnMut() -> Ports) -> Self {
        let mut last_words = String::new();
        for _ in 0..ATTEMPTS {
            match Self::attempt(choose()) {
                Ok(plane) => return plane,
                Err(words) if words.contains("address already in use") => last_words = words,
                Err(words) => panic!("the control plane did not start:\n{words}"),
            }
        }
        panic!("the control plane found no free ports in {ATTEMPTS} attempts:\n{last_words}")
    }

    fn attempt(ports: Ports) -> Result<Self, String> {
        let binaries = Binaries::find().unwrap_or_else(|message| panic!("{message}"));
        let workspace = Workspace::create().expect("a directory for the control plane is made");
        let authority = Authority::create(workspace.path().join("certificates"));
        let admin = authority.client("admin", Some("system:masters"));
        let admin_kubeconfig = kubeconfig::write(
            workspace.path(),
            &ports.server_url(),
            &authority.certificate(),
            "admin",
            &admin,
        );
        let plane = Self {
            controller_manager: Mutex::default(),
            api_server: Mutex::default(),
            etcd: Mutex::default(),
            workspace,
            binaries,
            authority,
            ports,
            admin_kubeconfig,
        };
        plane.prepare();
        let begin = Instant::now();
        plane.run_etcd(START_LIMIT)?;
        plane.run_api_server(START_LIMIT.saturating_sub(begin.elapsed()), &[])?;
        Ok(plane)
    }

    /// What the API server should say that it is, such as `v1.36.3`.
    pub(crate) fn expected_version() -> String {
        let binaries = Binaries::find().unwrap_or_else(|message| panic!("{message}"));
        binaries.kubernetes_version()
    }

    /// The address of the API server.
    pub(crate) fn server_url(&self) -> String {
        self.ports.server_url()
    }

    /// Where the control plane keeps its files: every process of it names this directory in its arguments.
    pub(crate) fn directory(&self) -> &Path {
        self.workspace.path()
    }

    /// A kubeconfig whose context and user are `admin`, who may do everything.
    pub(crate) fn admin_kubeconfig(&self) -> &Path {
        &self.admin_kubeconfig
    }

    /// A kubeconfig whose context is named after its user, who may nothing but discover until a role is bound to
    /// the user or the group.
    pub(crate) fn kubeconfig_for(&self, user: &str, group: Option<&str>) -> PathBuf {
        kubeconfig::write(
            self.directory(),
            &self.server_url(),
            &self.authority.certificate(),
            user,
            &self.authority.client(user, group),
        )
    }

    /// The administrator's client, for the runtime that this is called in.
    pub(crate) async fn client(&self) -> kube::Client {
        access::client(&self.admin_kubeconfig).await
    }

    /// What `kubectl` prints for the administrator.
    ///
    /// # Panics
    /// With what it says on stderr, when it fails.
    #[track_caller]
    pub(crate) fn kubectl(&self, args: &[&str]) -> String {
        let output = self
            .kubectl_with(&self.admin_kubeconfig)
            .args(args)
            .output()
            .expect("kubectl runs");
        assert!(
            output.status.success(),
            "kubectl {args:?} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("kubectl prints UTF-8")
    }

    /// `kubectl` with a kubeconfig, to add arguments to. Its caches stay in this control plane's directory.
    pub(crate) fn kubectl_with(&self, kubeconfig: &Path) -> Command {
        let mut command = Command::new(self.binaries.kubectl());
        command
            .env("KUBECONFIG", kubeconfig)
            .env("KUBECACHEDIR", self.directory().join("kubectl-cache"))
            .env("HOME", self.directory());
        command
    }

    /// Every request on custom resources (and every write of a CRD) that has been answered so far. An answer is
    /// logged when its handler returns, which may be shortly after the client has read it.
    pub(crate) fn audit_events(&self) -> Vec<AuditEvent> {
        audit::read(&self.directory().join(server::AUDIT_LOG))
    }
}
