;; Asks for a model that is not there, which is warned of, writes a line, and ends with exit code 3.
(module
  (import "wasi_ephemeral_nn" "load_by_name" (func $load (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "\30\00\00\00\06\00\00\00")
  (data (i32.const 48) "after\0a")
  (func (export "_start")
    (drop (call $load (i32.const 48) (i32.const 5) (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 3))))
