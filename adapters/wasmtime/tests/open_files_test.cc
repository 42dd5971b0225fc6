// No guest holds more files open than the rule max_open_files says, whatever it opens them with.
#include <fmt/format.h>

#include "guest_runner.h"
#include "support/temp_dir.h"

namespace wasinn {
namespace {

constexpr int kLimit = 12;

// Opens `f` of its folder until that fails, closes one, and opens two more. Its exit code is the
// number of files that it has at first; 100 and more where something is not as expected. A module
// has its standard streams and its folder open.
constexpr std::string_view kModule = R"((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "f")
  (func $open (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
  (func $expect (param $errno i32) (param $expected i32) (param $else i32)
    (if (i32.ne (local.get $errno) (local.get $expected)) (then
      (call $exit (i32.add (local.get $else) (local.get $errno))))))
  (func (export "_start")
    (local $count i32) (local $errno i32)
    (loop $again
      (local.set $errno (call $open))
      (if (i32.eqz (local.get $errno)) (then
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $count) (i32.const 50))))))
    (if (i32.ne (local.get $count) (i32.const 50)) (then
      (call $expect (local.get $errno) (i32.const 33) (i32.const 100))
      (call $expect (call $close (i32.const 5)) (i32.const 0) (i32.const 100))
      (call $expect (call $open) (i32.const 0) (i32.const 100))
      (call $expect (call $open) (i32.const 33) (i32.const 100))))
    (call $exit (local.get $count)))))";

// The same; it drops a file of which it has a stream, which keeps the file open. It traps where
// something is not as expected or the first opens are not {} in number.
constexpr std::string_view kComponent = R"((component
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "input-stream" (type (sub resource)))))
  (alias export $streams "input-stream" (type $stream))
  (import "wasi:filesystem/types@0.2.0" (instance $types
    (export "descriptor" (type $descriptor (sub resource)))
    (alias outer 1 $stream (type $stream'))
    (export "input-stream" (type $stream (eq $stream')))
    (type $path-flags' (flags "symlink-follow"))
    (export "path-flags" (type $path-flags (eq $path-flags')))
    (type $open-flags' (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $open-flags (eq $open-flags')))
    (type $descriptor-flags' (flags "read" "write" "file-integrity-sync" "data-integrity-sync"
      "requested-write-sync" "mutate-directory"))
    (export "descriptor-flags" (type $descriptor-flags (eq $descriptor-flags')))
    (type $error-code' (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock"
      "quota" "exist" "file-too-large" "illegal-byte-sequence" "in-progress" "interrupted" "invalid"
      "io" "is-directory" "loop" "too-many-links" "message-size" "name-too-long" "no-device"
      "no-entry" "no-lock" "insufficient-memory" "insufficient-space" "not-directory" "not-empty"
      "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted" "pipe"
      "read-only" "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $error-code (eq $error-code')))
    (export "[method]descriptor.open-at" (func
      (param "self" (borrow $descriptor)) (param "path-flags" $path-flags) (param "path" string)
      (param "open-flags" $open-flags) (param "flags" $descriptor-flags)
      (result (result (own $descriptor) (error $error-code)))))
    (export "[method]descriptor.read-via-stream" (func
      (param "self" (borrow $descriptor)) (param "offset" u64)
      (result (result (own $stream) (error $error-code)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (alias outer 1 $descriptor (type $descriptor'))
    (export "descriptor" (type $descriptor (eq $descriptor')))
    (export "get-directories" (func (result (list (tuple (own $descriptor) string)))))))
  (core module $memory-module
    (memory (export "memory") 1)
    (data (i32.const 0) "f")
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next)
        (i32.and (i32.add (local.get 3) (i32.const 15)) (i32.const -16))))))
  (core instance $memory (instantiate $memory-module))
  (alias core export $memory "memory" (core memory $mem))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $folders (canon lower (func $preopens "get-directories")
    (memory $mem) (realloc $realloc)))
  (core func $open (canon lower (func $types "[method]descriptor.open-at") (memory $mem)))
  (core func $read (canon lower (func $types "[method]descriptor.read-via-stream") (memory $mem)))
  (core func $drop-file (canon resource.drop $descriptor))
  (core func $drop-stream (canon resource.drop $stream))
  (core module $main-module
    (import "host" "memory" (memory 1))
    (import "host" "folders" (func $folders (param i32)))
    (import "host" "open" (func $open-at (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "read" (func $read (param i32 i64 i32)))
    (import "host" "drop-file" (func $drop-file (param i32)))
    (import "host" "drop-stream" (func $drop-stream (param i32)))
    (global $folder (mut i32) (i32.const 0))
    ;; 0, or 1 and the code.
    (func $open (result i32)
      (call $open-at (global.get $folder) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
        (i32.const 1) (i32.const 16))
      (if (result i32) (i32.load8_u (i32.const 16))
        (then (i32.add (i32.const 1) (i32.load8_u (i32.const 20))))
        (else (i32.const 0))))
    (func $expect (param $given i32) (param $expected i32)
      (if (i32.ne (local.get $given) (local.get $expected)) (then (unreachable))))
    (func (export "run") (result i32)
      (local $count i32) (local $file i32) (local $stream i32) (local $code i32)
      (call $folders (i32.const 16))
      (global.set $folder (i32.load (i32.load (i32.const 16))))
      (loop $again
        (local.set $code (call $open))
        (if (i32.eqz (local.get $code)) (then
          (local.set $file (i32.load (i32.const 20)))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $count) (i32.const 50))))))
      (call $expect (local.get $count) (i32.const {}))
      (if (i32.ne (local.get $count) (i32.const 50)) (then
        (call $expect (local.get $code) (i32.const 23))
        (call $read (local.get $file) (i64.const 0) (i32.const 16))
        (call $expect (i32.load8_u (i32.const 16)) (i32.const 0))
        (local.set $stream (i32.load (i32.const 20)))
        (call $drop-file (local.get $file))
        (call $expect (call $open) (i32.const 23))
        (call $drop-stream (local.get $stream))
        (call $expect (call $open) (i32.const 0))
        (call $expect (call $open) (i32.const 23))))
      (i32.const 0)))
  (core instance $main (instantiate $main-module (with "host" (instance
    (export "memory" (memory $mem))
    (export "folders" (func $folders))
    (export "open" (func $open))
    (export "read" (func $read))
    (export "drop-file" (func $drop-file))
    (export "drop-stream" (func $drop-stream))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command))))";

class OpenFilesTest : public ::testing::Test {
 protected:
  OpenFilesTest() { folder_.Write("f", "content"); }

  static EngineOptions Options(std::string& log) {
    EngineOptions options;
    options.log = [&log](wasinn_log_level, std::string_view line) { log += line; };
    return options;
  }
  Ran Run(std::string_view text, const Rules& rules) {
    RunOptions options;
    options.dirs = {{folder_.path(), "/"}};
    return RunText(engine_, text, rules, options);
  }

  ::wasinn::testing::TempDir folder_;
  std::string log_;
  Engine engine_ = NewEngine(Options(log_));
};

TEST_F(OpenFilesTest, ModuleIsRefusedAndGoesOn) {
  const Ran ran = Run(kModule, {{"max_open_files", fmt::to_string(kLimit)}});
  ASSERT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, kLimit - 4);
  EXPECT_NE(log_.find("policy rule max_open_files: expected at most 12 files"), std::string::npos)
      << log_;
}

TEST_F(OpenFilesTest, ComponentIsRefusedAndGoesOn) {
  const std::string text = fmt::format(fmt::runtime(kComponent), kLimit - 1);
  const Ran ran = Run(text, {{"max_open_files", fmt::to_string(kLimit)}});
  ASSERT_EQ(ran.code, WASINN_OK) << ran.message;
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_NE(log_.find("policy rule max_open_files"), std::string::npos) << log_;
}

TEST_F(OpenFilesTest, ZeroIsNoLimit) {
  EXPECT_EQ(Run(kModule, {{"max_open_files", "0"}}).exit_code, 50);
  const Ran ran = Run(fmt::format(fmt::runtime(kComponent), 50), {{"max_open_files", "0"}});
  EXPECT_EQ(ran.exit_code, 0) << ran.message;
  EXPECT_EQ(log_, "");
}

}  // namespace
}  // namespace wasinn
