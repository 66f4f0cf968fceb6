//! On what, and of what, was measured.

use serde::Serialize;
use std::{
    env, fmt, fs,
    process::{Command, Stdio},
};

/// The machine. Absent is what the system does not tell.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cpu: Option<String>,
    /// Cores that this process may use.
    pub(crate) cores: usize,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) kernel: Option<String>,
    pub(crate) architecture: &'static str,
    /// Load average of the minute before the measurement: whatever else ran.
    pub(crate) load: Option<f64>,
}

impl Machine {
    /// This one, now.
    pub(crate) fn describe() -> Self {
        Self {
            cpu: value_in("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory_bytes(),
            kernel: kernel(),
            architecture: env::consts::ARCH,
            load: load(),
        }
    }

    /// Memory in GiB.
    pub(crate) fn memory_gib(&self) -> Option<f64> {
        let bytes = self.memory_bytes?;
        Some(bytes as f64 / (1_u64 << 30) as f64)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
        write!(
            f,
            "{}, {} cores, memory {}, {} {}, load {}",
            self.cpu.as_deref().unwrap_or("unknown processor"),
            self.cores,
            or_unknown(self.memory_gib().map(|gib| format!("{gib:.1} GiB"))),
            self.kernel.as_deref().unwrap_or("unknown kernel"),
            self.architecture,
            or_unknown(self.load.map(|load| format!("{load:.2}"))),
        )
    }
}

/// The first `key : value` line of a file.
fn value_in(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then_some(value)
    })?;
    Some(value.trim().to_owned())
}

fn memory_bytes() -> Option<u64> {
    let value = value_in("/proc/meminfo", "MemTotal")?;
    let kibibytes: u64 = value.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

fn kernel() -> Option<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(format!("Linux {}", release.trim()))
}

fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// The commit of this program: told when it was built (`PARALLAX_COMMIT`), or
/// that of the working tree in which it lies, with `-dirty` if files changed.
pub(crate) fn commit() -> Option<String> {
    option_env!("PARALLAX_COMMIT")
        .map(str::to_owned)
        .or_else(working_tree_commit)
}

fn working_tree_commit() -> Option<String> {
    let program = env::current_exe().ok()?;
    let folder = program.parent()?.to_str()?;
    let root = git(folder, &["rev-parse", "--show-toplevel"])?;
    // Installed elsewhere, it may lie in a working tree of something else.
    let manifest = env!("CARGO_PKG_NAME");
    let ours = format!("{root}/bin/{manifest}/Cargo.toml");
    fs::metadata(ours).ok()?;
    git(
        folder,
        &[
            "describe",
            "--always",
            "--dirty",
            "--abbrev=12",
            "--exclude=*",
        ],
    )
}

fn git(folder: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
