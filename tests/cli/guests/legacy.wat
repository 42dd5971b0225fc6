;; Asks the model "m" for four numbers as guests of WAMR's legacy module do, and ends with the number
;; of f32 that came back, or with 100 and the error number.
(module
  (import "wasi_nn" "load_by_name" (func $load (param i32 i32 i32) (result i32)))
  (import "wasi_nn" "init_execution_context" (func $init (param i32 i32) (result i32)))
  (import "wasi_nn" "set_input" (func $set_input (param i32 i32 i32) (result i32)))
  (import "wasi_nn" "compute" (func $compute (param i32) (result i32)))
  (import "wasi_nn" "get_output" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "m")
  (data (i32.const 68) "\04\00\00\00")                                   ;; the dims
  (data (i32.const 72) "\44\00\00\00\01\00\00\00")                       ;; their list
  (data (i32.const 80) "\48\00\00\00\01\00\00\00\5c\00\00\00")           ;; the tensor
  (data (i32.const 92) "\00\00\80\3f\00\00\00\40\00\00\40\40\00\00\80\40") ;; 1 2 3 4
  (func $check (param $errno i32)
    (if (local.get $errno) (then (call $exit (i32.add (i32.const 100) (local.get $errno))))))
  (func (export "_start")
    (call $check (call $load (i32.const 64) (i32.const 1) (i32.const 8)))
    (call $check (call $init (i32.load (i32.const 8)) (i32.const 12)))
    (call $check (call $set_input (i32.load (i32.const 12)) (i32.const 0) (i32.const 80)))
    (call $check (call $compute (i32.load (i32.const 12))))
    (i32.store (i32.const 16) (i32.const 100))
    (call $check
      (call $get (i32.load (i32.const 12)) (i32.const 0) (i32.const 1024) (i32.const 16)))
    (call $exit (i32.load (i32.const 16)))))
