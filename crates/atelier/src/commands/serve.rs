//! `serve`: answers over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use nets::builtin::BUILT_IN;
use nets::device::token;
use serde_json::json;

use crate::computer::warn_of_readers;
use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, LogKind};
use crate::interrupts;
use crate::plan::Model;
use crate::serve::{Access, App, Demand, Engine, EngineLimits, Models, Studio, serve};

/// The variable that holds the token of requests.
const TOKEN: &str = "ATELIER_SERVE_TOKEN";
/// What is said when the server is stopped.
const FAREWELL: &str = "stopping; answering what has come";
/// Threads that read and write requests; others compute.
const IO_THREADS: usize = 2;

/// What to answer with, where, and to whom.
pub struct ServePlan {
    app: Arc<App>,
    address: SocketAddr,
    connections: usize,
}

impl ServePlan {
    pub fn of(flags: &flags::Serve) -> Result<Self, CommandError> {
        let address = SocketAddr::new(flags.host, flags.port);
        let access = Access {
            token: token_of(flags)?,
            hosts: flags.access.hosts.clone(),
            origins: flags.access.origins.clone(),
        };
        if access.token.is_none() && !flags.access.insecure && !flags.host.is_loopback() {
            return Err(CommandError::Usage(format!(
                "others can reach {0}, and nothing would keep them from asking. Put a token of at least 16 characters \
                 into a file and give --serve-token-file FILE, or let everybody ask with --insecure",
                flags.host
            )));
        }
        let limits = EngineLimits {
            queue: flags.limits.queue as usize,
            batch: flags.limits.batch as usize,
            max_pixels: flags.limits.max_pixels,
        };
        let max_body = (flags.limits.max_body as usize) << 20;
        let (timeout, connections) = (flags.limits.timeout, flags.limits.connections as usize);
        let logs = flags.access.log == LogKind::Json;
        let given = if flags.models.is_empty() {
            BUILT_IN.map(|model| model.name.to_string()).to_vec()
        } else {
            flags.models.clone()
        };
        let runs = flags.folder.runs.clone();
        let studio = Studio::new(
            runs.clone(),
            flags.recipes.clone(),
            flags.machine.to_arguments(),
        );
        let (drawings, machine) = (flags.drawings.clone(), flags.machine.clone());
        let flags = flags.clone();
        let open = move |name: &str| {
            let model = Model::open(name, &flags.folder, &flags.machine, &flags.onnx)?;
            Ok(Engine::start(model, limits))
        };
        let open_run = move |run| Ok(Engine::start(Model::so_far(run, &machine)?, limits));
        let demand = Demand::new(runs, Box::new(open_run));
        let models = Models::load(given, Box::new(open), demand)?;
        Ok(Self {
            app: Arc::new(App::new(
                models, access, studio, max_body, timeout, logs, drawings,
            )),
            address,
            connections,
        })
    }
}

fn token_of(flags: &flags::Serve) -> Result<Option<String>, CommandError> {
    let Some(file) = &flags.access.serve_token_file else {
        let given = std::env::var(TOKEN).unwrap_or_default();
        let given = given.trim();
        if (1..token::LEAST_CHARACTERS).contains(&given.chars().count()) {
            return Err(CommandError::Usage(format!(
                "{TOKEN}: a token has at least {} characters",
                token::LEAST_CHARACTERS
            )));
        }
        return Ok((!given.is_empty()).then(|| given.to_string()));
    };
    warn_of_readers(file);
    let token = token::read(file).map_err(|error| CommandError::Usage(error.to_string()))?;
    Ok(Some(token))
}

pub fn run(plan: ServePlan, output: Output) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(IO_THREADS)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(plan.address)
            .await
            .map_err(|cause| {
                CommandError::Usage(format!(
                    "can't listen on {}: {cause}; choose another --port, or 0 for a free one",
                    plan.address
                ))
            })?;
        catch_signals(&plan.app)?;
        let address = format!("http://{}", listener.local_addr()?);
        output.show(&json!({ "address": address }), || address.clone())?;
        serve(listener, Arc::clone(&plan.app), plan.connections).await;
        Ok::<(), CommandError>(())
    })?;
    plan.app.studio.finish();
    Ok(())
}

/// From now on Ctrl-C and SIGTERM stop the server, and SIGHUP loads its models anew, as servers do. Not by
/// [`interrupts::catch`], for which SIGHUP is the end too.
#[cfg(unix)]
fn catch_signals(app: &Arc<App>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut presses = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    let app = Arc::clone(app);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = presses.recv() => interrupts::stop(FAREWELL),
                _ = terminations.recv() => interrupts::stop(FAREWELL),
                _ = hangups.recv() => {
                    let app = Arc::clone(&app);
                    tokio::task::spawn_blocking(move || reload(&app));
                }
            }
        }
    });
    Ok(())
}

#[cfg(unix)]
fn reload(app: &App) {
    match app.models.reload() {
        Ok(()) => note!("models loaded anew"),
        Err(error) => note!("error: {error}; the models that were loaded before still answer"),
    }
}

#[cfg(not(unix))]
fn catch_signals(_: &Arc<App>) -> std::io::Result<()> {
    tokio::spawn(async {
        while tokio::signal::ctrl_c().await.is_ok() {
            interrupts::stop(FAREWELL);
        }
    });
    Ok(())
}
