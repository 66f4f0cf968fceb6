//! `parallax analyze`: why a block is or is not parallel.
//!
//! ```text
//! subjects ─> blocks ─> record ─> findings ─> text or JSON, page
//!                         └ labels: names of our own contracts
//! ```

mod findings;
mod html;
mod labels;
mod progress;
mod text;

use crate::{
    Outcome,
    bench::Row,
    cli::{AnalyzeArguments, Subject},
};
use eyre::{Result, WrapErr, ensure};
use findings::Findings;
use parallax_blocks::BlockFiles;
use parallax_engine::{Block, sequential};
use parallax_workload::Workload;
use progress::Progress;
use revm::DatabaseRef;
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// Runs the command. It checks nothing, so it never says that something is wrong.
pub(crate) fn run(arguments: &AnalyzeArguments) -> Result<Outcome> {
    let sources = arguments
        .subjects()?
        .into_iter()
        .map(|subject| Source::open(arguments, subject))
        .collect::<Result<Vec<_>>>()?;
    // A page that cannot be written is said before measuring, not after.
    let page = arguments.html.as_deref().map(create).transpose()?;
    let runs = u64::from(arguments.runs);
    let blocks: usize = sources.iter().map(|source| source.len(arguments)).sum();
    let mut analysis = Analysis {
        arguments,
        progress: Progress::new(blocks as u64 * runs),
        findings: Vec::new(),
        unread: Ok(()),
    };
    for source in sources {
        analysis.source(source)?;
    }
    analysis.progress.finish();
    ensure!(
        !analysis.findings.is_empty(),
        "none of the recorded blocks has a number that --block gives"
    );
    if let Some(mut file) = page {
        let page = html::page(&analysis.findings)?;
        file.write_all(page.as_bytes())
            .wrap_err("cannot write the page")?;
    }
    analysis.unread?;
    Ok(Outcome::Verified)
}

fn create(path: &Path) -> Result<File> {
    File::create(path).wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// Where blocks come from.
enum Source {
    Made(Row),
    Recorded(BlockFiles),
}

impl Source {
    fn open(_: &AnalyzeArguments, subject: Subject) -> Result<Self> {
        Ok(match subject {
            Subject::Workload(row) => Self::Made(row),
            Subject::Path(path) => Self::Recorded(BlockFiles::open(&path)?),
        })
    }

    /// How many blocks, at most.
    fn len(&self, arguments: &AnalyzeArguments) -> usize {
        match self {
            Self::Made(_) => 1,
            Self::Recorded(files) if arguments.blocks.is_empty() => files.len(),
            Self::Recorded(files) => files.len().min(arguments.blocks.len()),
        }
    }
}

struct Analysis<'a> {
    arguments: &'a AnalyzeArguments,
    progress: Progress,
    findings: Vec<Findings>,
    /// Why nobody sees what is printed, once it is so; the page is written all the same.
    unread: io::Result<()>,
}

impl Analysis<'_> {
    fn source(&mut self, source: Source) -> Result<()> {
        match source {
            Source::Made(row) => {
                self.progress.message(row.name());
                if let Some(workload) = self.make(row)? {
                    self.block(row.name().to_owned(), &workload.block, &workload.state)?;
                }
            }
            Source::Recorded(files) => {
                for file in files {
                    let mut file = file?;
                    let number = file.number();
                    let chosen = &self.arguments.blocks;
                    if !chosen.is_empty() && !chosen.contains(&number) {
                        continue;
                    }
                    let label = format!("block {number}");
                    self.progress.message(&label);
                    let failed = || format!("{} cannot be executed", file.name);
                    sequential::replay(&file.block, &file.state, false).wrap_err_with(failed)?;
                    file.state.translate();
                    self.block(label, &file.block, &file.state)?;
                }
            }
        }
        Ok(())
    }

    fn make(&self, row: Row) -> Result<Option<Workload>> {
        let (txs, seed) = (self.arguments.txs as usize, self.arguments.seed);
        Ok(row.make(&self.arguments.artifacts(), txs.into(), seed)?)
    }

    fn block<DB: DatabaseRef + Sync>(&mut self, label: String, block: &Block, db: &DB) -> Result<()>
    where
        DB::Error: Send + 'static,
    {
        let runs = self.arguments.runs.into();
        let progress = &self.progress;
        let findings = Findings::of(label, block, db, runs, &mut || progress.step())?;
        let text = if self.arguments.json {
            findings::json(&findings)?
        } else {
            text::report(&findings, self.arguments.top)
        };
        if self.unread.is_ok() {
            self.unread = self.progress.suspend(|| writeln!(io::stdout(), "{text}"));
        }
        if self.arguments.html.is_none() {
            std::mem::replace(&mut self.unread, Ok(()))?;
        }
        self.findings.push(findings);
        Ok(())
    }
}
