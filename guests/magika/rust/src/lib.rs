//! File-type detection with the Magika model: everything but the call of the model. Shared by the
//! core module and the component.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// The model's input is i32 `[1, INPUT]`: bytes of the beginning and of the end of a file.
pub const INPUT: usize = 2048;

// The model was trained with these; they are its configuration file's numbers.
const SIDE: usize = INPUT / 2;
const BLOCK: u64 = 4096;
const PADDING: i32 = 256;
const MIN_BYTES: usize = 8;

/// The meaning of one output of the model.
struct Label {
    threshold: f64,
    output: String,
    group: String,
    is_text: bool,
}

struct Answer {
    kind: String,
    group: String,
    score: f64,
}

impl Answer {
    fn new(kind: &str, group: &str, score: f64) -> Self {
        Answer {
            kind: kind.into(),
            group: group.into(),
            score,
        }
    }
}

enum Features {
    Input(Vec<i32>),
    Answered(Answer),
}

fn parse_label(line: &str) -> Option<Label> {
    let mut fields = line.split('\t').skip(1);
    Some(Label {
        threshold: fields.next()?.parse().ok()?,
        output: fields.next()?.into(),
        group: fields.next()?.into(),
        is_text: fields.next()? == "text",
    })
}

fn load_labels(path: &str) -> Result<Vec<Label>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    text.lines()
        .enumerate()
        .map(|(number, line)| {
            parse_label(line).ok_or_else(|| {
                format!(
                    "{path}: line {} is not: name threshold output group kind",
                    number + 1
                )
            })
        })
        .collect()
}

// The white space that Python's bytes.strip() knows; Rust's own lacks the vertical tab.
fn is_space(byte: u8) -> bool {
    byte == b' ' || (b'\t'..=b'\r').contains(&byte)
}

fn from_few_bytes(bytes: &[u8]) -> Answer {
    if bytes.is_empty() {
        Answer::new("empty", "inode", 1.0)
    } else if std::str::from_utf8(bytes).is_ok() {
        Answer::new("txt", "text", 1.0)
    } else {
        Answer::new("unknown", "unknown", 1.0)
    }
}

fn read_block(file: &mut File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut block = vec![0; length as usize];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut block)?;
    Ok(block)
}

/// Too short files are answered without the model, as the model's makers do.
fn read_features(path: &str) -> io::Result<Features> {
    let mut file = File::open(path)?;
    let size = file.seek(SeekFrom::End(0))?;
    let wanted = size.min(BLOCK);
    let head = read_block(&mut file, 0, wanted)?;
    let tail = read_block(&mut file, size - wanted, wanted)?;

    let first = head
        .iter()
        .position(|&byte| !is_space(byte))
        .unwrap_or(head.len());
    let end = tail
        .iter()
        .rposition(|&byte| !is_space(byte))
        .map_or(0, |last| last + 1);
    let begin = &head[first..head.len().min(first + SIDE)];
    let finish = &tail[end.saturating_sub(SIDE)..end];
    if begin.len() < MIN_BYTES {
        return Ok(Features::Answered(from_few_bytes(&head)));
    }
    let mut input = vec![PADDING; INPUT];
    for (slot, &byte) in input.iter_mut().zip(begin) {
        *slot = byte.into();
    }
    for (slot, &byte) in input[INPUT - finish.len()..].iter_mut().zip(finish) {
        *slot = byte.into();
    }
    Ok(Features::Input(input))
}

fn decide(labels: &[Label], scores: &[f32]) -> Answer {
    let mut best = 0;
    for (index, &score) in scores.iter().enumerate() {
        if score > scores[best] {
            best = index;
        }
    }
    let label = &labels[best];
    let score = f64::from(scores[best]);
    if score >= label.threshold {
        Answer::new(&label.output, &label.group, score)
    } else if label.is_text {
        Answer::new("txt", "text", score)
    } else {
        Answer::new("unknown", "unknown", score)
    }
}

fn tell(path: &str, labels: &[Label], model: &mut dyn Model) -> Result<Answer, String> {
    match read_features(path).map_err(|error| error.to_string())? {
        Features::Answered(answer) => Ok(answer),
        Features::Input(input) => {
            let scores = model.run(&input, labels.len())?;
            if scores.len() != labels.len() {
                return Err(format!(
                    "expected {} scores, given {}",
                    labels.len(),
                    scores.len()
                ));
            }
            Ok(decide(labels, &scores))
        }
    }
}

/// The call of the model, through one ABI or the other.
pub trait Model {
    /// `input` holds `INPUT` values; the answer should hold `count` scores.
    fn run(&mut self, input: &[i32], count: usize) -> Result<Vec<f32>, String>;
}

fn print_table(model: &mut dyn Model) -> Result<i32, String> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        return Err("expected the names of files, given none".into());
    }
    let path = std::env::var("MAGIKA_LABELS");
    let labels = load_labels(path.as_deref().unwrap_or("/models/magika/labels.tsv"))?;
    println!("  {:<22} {:<14} {:>9}  GROUP", "FILE", "TYPE", "SURE");
    let mut code = 0;
    for file in &files {
        match tell(file, &labels, model) {
            Ok(answer) => {
                let name = Path::new(file)
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy();
                let sure = 100.0 * answer.score;
                println!(
                    "  {name:<22} {:<14} {sure:>7.2} %  {}",
                    answer.kind, answer.group
                );
            }
            Err(error) => {
                eprintln!("{file}: {error}");
                code = 1;
            }
        }
    }
    Ok(code)
}

/// Prints a table with the type of each file named in the arguments, then ends the program. The
/// labels come from the file in the environment variable MAGIKA_LABELS, else from
/// /models/magika/labels.tsv.
pub fn main(model: Result<impl Model, String>) -> ! {
    let code = model
        .and_then(|mut model| print_table(&mut model))
        .unwrap_or_else(|error| {
            eprintln!("{error}");
            1
        });
    std::process::exit(code)
}
