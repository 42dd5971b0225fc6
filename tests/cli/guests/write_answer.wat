;; Has the model "m" write what it goes on with to standard output. Its exit code is 0, or 10 times the
;; number of the call that failed and its errno.
(module
  (import "wasi_ephemeral_nn" "load_by_name_with_config"
    (func $load (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "init_execution_context" (func $init (param i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "set_input" (func $set_input (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "compute" (func $compute (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "m")
  (data (i32.const 16) "{\"stream-stdout\": true, \"temp\": 0, \"n-predict\": 4, \"ctx-size\": 64}")
  (data (i32.const 112) "abc")
  ;; The tensor: dims at 128, one of them, type u8, 3 bytes at 112.
  (data (i32.const 128) "\03\00\00\00")
  (data (i32.const 144) "\80\00\00\00\01\00\00\00\03\00\00\00\70\00\00\00\03\00\00\00")
  (func $check (param $call i32) (param $errno i32)
    (if (local.get $errno) (then
      (call $exit (i32.add (i32.mul (local.get $call) (i32.const 10)) (local.get $errno))))))
  (func (export "_start")
    (call $check (i32.const 1)
      (call $load (i32.const 0) (i32.const 1) (i32.const 16) (i32.const 66) (i32.const 200)))
    (call $check (i32.const 2) (call $init (i32.load (i32.const 200)) (i32.const 204)))
    (call $check (i32.const 3)
      (call $set_input (i32.load (i32.const 204)) (i32.const 0) (i32.const 144)))
    (call $check (i32.const 4) (call $compute (i32.load (i32.const 204))))))
