//! Two computes at the same time through `wasinn_nn`, and why a call failed.
//!
//! usage: extension_rust MODEL OPTIONS TEXT TEXT

mod nn;

use nn::{Context, Error, Graph, Status};

/// Milliseconds between two looks at a compute.
const TURN: u32 = 20;

fn answers(graph: &Graph, options: &str, texts: &[String]) -> Result<Vec<String>, Error> {
    let mut contexts = Vec::new();
    for text in texts {
        let context = Context::new(graph, options)?;
        context.set_text(0, text)?;
        context.start()?;
        contexts.push((context, Vec::new(), false));
    }
    // All of them compute now; each is looked at in turn.
    while contexts.iter().any(|(_, _, ended)| !ended) {
        for (context, answer, ended) in contexts.iter_mut().filter(|(_, _, ended)| !ended) {
            if context.wait(TURN)? == Status::Running {
                continue;
            }
            *ended = loop {
                match context.read(0)? {
                    None => break true,
                    Some(piece) if piece.is_empty() => break false,
                    Some(piece) => answer.extend(piece),
                }
            };
        }
    }
    let text = |answer| String::from_utf8_lossy(answer).into_owned();
    Ok(contexts.iter().map(|(_, answer, _)| text(answer)).collect())
}

fn run(args: &[String]) -> Result<(), Error> {
    let [_, model, options, texts @ ..] = args else {
        panic!("expected MODEL OPTIONS TEXT...")
    };
    let graph = Graph::load_by_name(model)?;
    println!("{}", graph.describe()?);
    for answer in answers(&graph, options, texts)? {
        println!("{answer}");
    }
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let host = nn::describe_host().expect("describe_host needs nothing");
    assert!(host.contains("\"modules\":"), "{host}");
    if let Err(error) = run(&args) {
        println!("error {} ({}): {}", error.code, error.name, error.text);
        std::process::exit(1);
    }
}
