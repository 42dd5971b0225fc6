;; Ends with 0 when it may grow its memory to 2 MiB, else traps.
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eq (memory.grow (i32.const 31)) (i32.const -1))
      (then (unreachable)))))
