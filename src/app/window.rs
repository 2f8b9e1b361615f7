//! The native window.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use eframe::{CreationContext, Frame, NativeOptions, Renderer};
use egui::{Ui, ViewportBuilder};
use jiff::tz::TimeZone;
use parking_lot::RwLock;
use tokio::runtime::Runtime;

use super::{
    AppError, AppOptions, AppState,
    live::{DEMO, LiveConnector, Wake},
};
use crate::{
    cluster::{Kubeconfigs, Supervisor, WatchScope},
    demo::DemoOptions,
    journal,
    model::{Clock, ContextName},
    settings::{Settings, SettingsError, SettingsFile},
    timeline::{KindRules, Timeline},
    ui::{Command, theme},
};

/// Changes that come within this time share a frame.
const COALESCE: Duration = Duration::from_millis(20);
/// A frame that takes longer than this is worth a line in the log.
const SLOW: Duration = Duration::from_millis(4);
/// How long what is under way may take when the window is closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When a kubeconfig or a context was named that cannot be used, or there is no display.
pub fn run(options: AppOptions) -> Result<(), AppError> {
    let started = Instant::now();
    let kubeconfigs = Kubeconfigs::load(options.kubeconfig.as_deref())?;
    let first = first_context(&kubeconfigs, &options)?;
    let settings = UserSettings::load();
    let recordings = match &options.session {
        Some(file) => journal::read_session(file, &settings.rules)?,
        None => Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("kronika-io")
        .enable_all()
        .build()
        .map_err(AppError::Runtime)?;
    let native = NativeOptions {
        renderer: Renderer::Glow,
        viewport: ViewportBuilder::default()
            .with_title("Kronika")
            .with_app_id("kronika")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([960.0, 560.0])
            .with_icon(icon()),
        ..NativeOptions::default()
    };
    let create = move |cc: &CreationContext<'_>| {
        let window = Window::new(
            cc,
            kubeconfigs,
            first,
            recordings,
            options,
            settings,
            runtime,
        );
        tracing::info!(ms = started.elapsed().as_millis(), "window up");
        Ok(Box::new(window) as Box<dyn eframe::App>)
    };
    eframe::run_native("kronika", native, Box::new(create)).map_err(AppError::Window)
}

/// The context to open at the start: the one that was named, the current one, or the demo.
fn first_context(
    kubeconfigs: &Kubeconfigs,
    options: &AppOptions,
) -> Result<Option<ContextName>, AppError> {
    if options.session.is_some() {
        return Ok(None);
    }
    if options.demo.is_some() {
        return Ok(Some(DEMO.into()));
    }
    match &options.context {
        Some(name) if name == DEMO && kubeconfigs.context(name).is_err() => Ok(Some(DEMO.into())),
        Some(name) => Ok(Some(kubeconfigs.context(name)?.name.clone())),
        None if kubeconfigs.contexts.is_empty() => Ok(Some(DEMO.into())),
        // Several contexts and none of them current: the user picks.
        None => Ok(kubeconfigs.current.clone()),
    }
}

/// The settings of the user, read before anything is judged by them.
struct UserSettings {
    /// Where they are kept; `None` where there is no home directory.
    file: Option<SettingsFile>,
    loaded: Settings,
    problem: Option<SettingsError>,
    rules: Arc<KindRules>,
    /// What is wrong with rules of the user, which are left out.
    unusable: Vec<String>,
}

impl UserSettings {
    fn load() -> Self {
        let file = SettingsFile::of_user();
        let (loaded, problem) = file.as_ref().map(SettingsFile::load).unwrap_or_default();
        let (rules, unusable) = loaded.kind_rules();
        Self {
            file,
            loaded,
            problem,
            rules: Arc::new(rules),
            unusable,
        }
    }
}

struct Window {
    state: AppState,
    /// Dropped last: the connector's sessions run on it.
    runtime: Option<Runtime>,
}

impl Window {
    fn new(
        cc: &CreationContext<'_>,
        kubeconfigs: Kubeconfigs,
        first: Option<ContextName>,
        recordings: Vec<Timeline>,
        options: AppOptions,
        settings: UserSettings,
        runtime: Runtime,
    ) -> Self {
        theme::install(&cc.egui_ctx);
        let clock = Clock::start();
        let repaint = cc.egui_ctx.clone();
        let wake: Wake = Arc::new(move || repaint.request_repaint_after(COALESCE));
        let problems = kubeconfigs.problems.clone();
        let demo: DemoOptions = options.demo.unwrap_or_default();
        let handle = runtime.handle().clone();
        let scope = WatchScope {
            redact: settings.loaded.redact.clone(),
            also: settings.loaded.watch.clone(),
            ..WatchScope::default()
        };
        let supervisor = Supervisor::new(handle.clone(), clock, Arc::clone(&wake), settings.rules);
        let connector = LiveConnector::new(
            kubeconfigs,
            scope,
            supervisor,
            demo,
            options.demo_kubeconfig,
            handle,
            wake,
        );
        let mut state = AppState::new(
            Box::new(connector),
            Box::new(move || clock.now()),
            TimeZone::system(),
        );
        if let Some(file) = settings.file {
            state = state.with_settings(file, (settings.loaded, settings.problem));
        }
        for problem in problems {
            state.notify(&problem);
        }
        for problem in settings.unusable {
            state.notify(&problem);
        }
        for recording in recordings {
            state.open_recording(Arc::new(RwLock::new(recording)));
        }
        if let Some(first) = first {
            state.act(Command::OpenContext(first), &cc.egui_ctx);
        }
        Self {
            state,
            runtime: Some(runtime),
        }
    }
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        let started = Instant::now();
        self.state.show(ui);
        let taken = started.elapsed();
        if taken > SLOW {
            tracing::debug!(ms = taken.as_millis(), "slow frame");
        }
    }

    /// What egui keeps (scroll positions in motion) can make a restarted window repaint for ever.
    fn persist_egui_memory(&self) -> bool {
        false
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.state.close_all();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(FAREWELL);
        }
    }
}

fn icon() -> egui::IconData {
    let bytes = include_bytes!("../../assets/icons/kronika-256.png");
    eframe::icon_data::from_png_bytes(bytes).unwrap_or_default()
}
