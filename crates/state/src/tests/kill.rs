//! A process that writes, and is killed at any moment.

use super::{
    CONFIG, Folder,
    model::header,
    seeds,
    world::{Chance, World, root_of},
};
use crate::{Block, History, State, StateConfig};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// The folder in which [`the_writer`] works.
const FOLDER: &str = "PARALLAX_KILLED_FOLDER";

/// Long enough for some blocks on a slow machine.
const LONG: u64 = 60;

fn config() -> StateConfig {
    StateConfig {
        layer_bytes: 100_000,
        history: History::Blocks(4),
        ..CONFIG
    }
}

/// Blocks that are always the same: the world after so many.
struct Chain {
    chance: Chance,
    world: World,
    next: u64,
}

impl Chain {
    fn new() -> Self {
        Self {
            chance: Chance {
                addresses: 400,
                most: 60,
                ..Chance::new(11)
            },
            world: World::new(),
            next: 0,
        }
    }

    fn block(&mut self) -> parallax_engine::StateChanges {
        self.next += 1;
        self.chance.change(&mut self.world)
    }
}

/// What the killed process runs: blocks without end, each acknowledged on stdout.
#[test]
#[ignore = "run by the test that kills it"]
fn the_writer() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let mut state = State::open(Path::new(&folder), config(), &|_| ()).unwrap();
    let mut chain = Chain::new();
    while chain.next < state.next() {
        chain.block();
    }
    let mut out = std::io::stdout();
    writeln!(out, "open").unwrap();
    loop {
        let number = chain.next;
        state.apply(&chain.block()).unwrap();
        let header = header(None, &state.root().unwrap());
        let block = Block {
            header: &header,
            ..Block::default()
        };
        assert_eq!(state.commit(&block).unwrap(), number);
        writeln!(out, "acknowledged {number}").unwrap();
        if number % 16 == 15 {
            state.compact().unwrap();
        }
    }
}

fn start(folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::kill::the_writer",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets it run, kills it, and returns the last block that it acknowledged.
fn run_and_kill(folder: &Path, pause: Option<Duration>) -> Option<u64> {
    let mut child = start(folder);
    let out = BufReader::new(child.stdout.take().unwrap());
    // What it has written is read to the end, also what came just before it died.
    let reader = thread::spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        let numbers = lines.filter_map(|line| {
            let number = line.split_once("acknowledged ")?.1.trim().parse();
            number.ok()
        });
        numbers.last()
    });
    thread::sleep(pause.unwrap_or(Duration::from_millis(LONG)));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_however_often_it_is_killed() {
    let kills = seeds(15);
    let mut random = SmallRng::seed_from_u64(2);
    let folder = Folder::new();
    let (mut acknowledged, mut blocks, mut chain) = (None, 0, Chain::new());
    for kill in 0..kills {
        // While it is opened, or while it runs; now and then both in a row.
        let pause = Duration::from_millis(random.random_range(0..3 * LONG));
        let last = run_and_kill(folder.path(), Some(pause));
        acknowledged = acknowledged.max(last);
        if random.random_bool(0.3) {
            let soon = Duration::from_millis(random.random_range(0..LONG / 2));
            acknowledged = acknowledged.max(run_and_kill(folder.path(), Some(soon)));
        }
        let state = State::open(folder.path(), config(), &|_| ()).unwrap();
        let least = acknowledged.map_or(0, |last: u64| last + 1);
        assert!(
            state.next() >= least,
            "kill {kill}: {} < {least}",
            state.next()
        );
        while chain.next < state.next() {
            chain.block();
        }
        assert_eq!(state.last_root(), root_of(&chain.world), "kill {kill}");
        state.verify(&mut |_| (), &|_| ()).unwrap();
        // What is there now is acknowledged to us.
        acknowledged = state.next().checked_sub(1);
        blocks = state.next();
    }
    assert!(fs::read_dir(folder.path()).unwrap().count() > 0);
    println!("{kills} kills, {blocks} blocks, none lost");
    assert!(
        blocks > kills,
        "{blocks} blocks in {kills} kills are too few to tell"
    );
}
