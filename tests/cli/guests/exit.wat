;; Ends with the exit code that its first argument's first digit says; 9 without one.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 2))
      (then (call $exit (i32.const 9))))
    (drop (call $args (i32.const 16) (i32.const 1024)))
    (call $exit
      (i32.sub (i32.load8_u (i32.load (i32.const 20))) (i32.const 48)))))
