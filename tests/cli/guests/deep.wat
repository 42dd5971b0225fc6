;; Calls itself a thousand times.
(module
  (func $down (param $left i32) (param i64 i64 i64 i64 i64 i64) (result i64)
    (if (result i64) (local.get $left)
      (then
        (i64.add (local.get 1)
          (call $down (i32.sub (local.get $left) (i32.const 1)) (local.get 2) (local.get 3)
            (local.get 4) (local.get 5) (local.get 6) (local.get 1))))
      (else (local.get 1))))
  (func (export "_start")
    (drop (call $down (i32.const 1000) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)
      (i64.const 5) (i64.const 6)))))
