//! Switches for the proposals of WebAssembly, by the names of Wasmtime's `-W`.

use crate::failure::Failure;
use wasmtime::Config;

type Switch = fn(&mut Config, bool) -> &mut Config;

/// Without a switch, a proposal has Wasmtime's default. Proposals that limits and stops cannot
/// contain (shared memories, stack switching) are left out.
const SWITCHES: &[(&str, Switch)] = &[
    ("branch-hinting", Config::wasm_branch_hinting),
    ("bulk-memory", Config::wasm_bulk_memory),
    ("component-model", Config::wasm_component_model),
    ("component-model-async", Config::wasm_component_model_async),
    ("component-model-async-stackful", Config::wasm_component_model_async_stackful),
    ("component-model-error-context", Config::wasm_component_model_error_context),
    ("component-model-fixed-length-lists", Config::wasm_component_model_fixed_length_lists),
    ("component-model-gc", Config::wasm_component_model_gc),
    ("component-model-implements", Config::wasm_component_model_implements),
    ("component-model-map", Config::wasm_component_model_map),
    ("component-model-memory64", Config::wasm_component_model_memory64),
    ("component-model-more-async-builtins", Config::wasm_component_model_more_async_builtins),
    ("component-model-threading", Config::wasm_component_model_threading),
    ("custom-page-sizes", Config::wasm_custom_page_sizes),
    ("exceptions", Config::wasm_exceptions),
    ("extended-const", Config::wasm_extended_const),
    ("function-references", Config::wasm_function_references),
    ("gc", Config::wasm_gc),
    ("memory64", Config::wasm_memory64),
    ("multi-memory", Config::wasm_multi_memory),
    ("multi-value", Config::wasm_multi_value),
    ("nan-canonicalization", Config::cranelift_nan_canonicalization),
    ("reference-types", Config::wasm_reference_types),
    ("relaxed-simd", Config::wasm_relaxed_simd),
    ("relaxed-simd-deterministic", Config::relaxed_simd_deterministic),
    ("simd", Config::wasm_simd),
    ("tail-call", Config::wasm_tail_call),
    ("threads", Config::wasm_threads),
    ("wide-arithmetic", Config::wasm_wide_arithmetic),
];

/// Switches that need an engine whose components may have async functions.
const CONCURRENT: [&str; 5] = [
    "component-model-async",
    "component-model-async-stackful",
    "component-model-error-context",
    "component-model-more-async-builtins",
    "component-model-threading",
];

#[derive(Default)]
pub struct Features {
    /// The switches, in order.
    switched: Vec<(Switch, bool)>,
    pub concurrent: bool,
}

impl Features {
    /// `text` is as "wide-arithmetic=y,gc=n"; a name alone means yes.
    pub fn parse(text: &str) -> Result<Features, Failure> {
        let mut features = Features::default();
        for item in text.split(',').filter(|item| !item.is_empty()) {
            let (name, value) = item.split_once('=').unwrap_or((item, "y"));
            let Some((_, switch)) = SWITCHES.iter().find(|(known, _)| *known == name) else {
                let names: Vec<&str> = SWITCHES.iter().map(|(name, _)| *name).collect();
                return Err(Failure::argument(format!(
                    "features of WebAssembly: expected one of {}, given `{name}`",
                    names.join(", ")
                )));
            };
            let enable = match value {
                "y" | "yes" | "true" => true,
                "n" | "no" | "false" => false,
                _ => {
                    return Err(Failure::argument(format!(
                        "features of WebAssembly: expected {name}=y or {name}=n, given `{item}`"
                    )));
                }
            };
            features.concurrent |= enable && CONCURRENT.contains(&name);
            features.switched.push((*switch, enable));
        }
        Ok(features)
    }

    pub fn apply(&self, config: &mut Config) {
        for (switch, enable) in &self.switched {
            switch(config, *enable);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::Engine;

    fn compiles(features: &str, text: &str) -> bool {
        let mut config = Config::new();
        let features = Features::parse(features);
        features.unwrap_or_else(|failure| panic!("{}", failure.text)).apply(&mut config);
        let engine = Engine::new(&config).unwrap();
        engine.precompile_module(&wat::parse_str(text).unwrap()).is_ok()
    }

    #[test]
    fn switches_switch() {
        let wide = "(func (drop (drop (i64.add128 (i64.const 1) (i64.const 1) (i64.const 1)
                    (i64.const 1)))))";
        let wide = format!("(module {wide})");
        assert!(!compiles("", &wide));
        assert!(compiles("wide-arithmetic", &wide));
        assert!(!compiles("wide-arithmetic=y,wide-arithmetic=n", &wide));
        assert!(compiles("gc=y", "(module (type (struct)))"));
        assert!(!compiles("gc=n", "(module (type (struct)))"));
    }

    #[test]
    fn every_switch_makes_an_engine() {
        for (name, _) in SWITCHES {
            let mut config = Config::new();
            let features = Features::parse(&format!("{name}=y"));
            let features = features.unwrap_or_else(|failure| panic!("{}", failure.text));
            config.concurrency_support(features.concurrent);
            features.apply(&mut config);
            Engine::new(&config).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }

    #[test]
    fn others_are_refused() {
        let text = |features| Features::parse(features).err().unwrap().text;
        assert!(text("shared-memory=y").contains("given `shared-memory`"));
        assert!(text("gc=maybe").contains("expected gc=y or gc=n, given `gc=maybe`"));
    }
}
