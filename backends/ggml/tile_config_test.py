#!/usr/bin/env python3
"""Looks whether llama.cpp's part for AMX keeps its tile configuration: tile_config_test.py OBJDUMP SOURCES NAME=LIBRARY...

A compiler that believes that _tile_loadconfig reads 8 bytes drops the stores of rows and columns, and the processor
ends the process at the first product. Not every machine has AMX, so the code itself is read: the objects of those
libraries that have AMX, and llama.cpp's source as the compiler of these libraries makes it for a processor with AMX.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import deps  # noqa: E402  pylint: disable=wrong-import-position

SIZE = 64
# The bytes that are not zero: the palette, the columns of eight tiles in bytes, the rows of eight tiles.
NOT_ZERO = [0, *range(16, 32, 2), *range(48, 56)]
WINDOW = 60  # instructions before the one that loads the configuration
MEMORY = re.compile(r"^(-?0x[0-9a-f]+)?\((%\w+)\)$")
REGISTER_SIZES = [(r"%zmm\d+", 64), (r"%ymm\d+", 32), (r"%xmm\d+", 16), (r"%r([a-ds][ixlp]?x?|\d+)|%r[bs]p", 8),
                  (r"%e\w+|%r\d+d", 4), (r"%[a-ds][xip]|%r\d+w", 2), (r"%\w+", 1)]
SCALAR_MOVES = {"movq": 8, "vmovq": 8, "movlps": 8, "vmovlps": 8, "movsd": 8, "vmovsd": 8, "movd": 4, "vmovd": 4, "movss": 4,
                "vmovss": 4}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def functions(objdump, obj):
    """The instructions of each function, as (mnemonic, operands)."""
    code = None
    for line in run(objdump, "-d", "--no-show-raw-insn", obj).splitlines():
        if re.match(r"^[0-9a-f]+ <.*>:$", line):
            if code is not None:
                yield code
            code = []
        elif code is not None and (found := re.match(r"^\s*[0-9a-f]+:\s+(\S+)\s*([^#<]*)", line)):
            code.append((found[1], re.findall(r"[^,()\s]*\([^)]*\)|[^,\s]+", found[2])))
    if code is not None:
        yield code


def number_of(register):
    """The part of a register's name that those of other widths share."""
    return re.sub(r"^%[xyz]mm", "mm", register)


def size_of(mnemonic, source):
    """How many bytes a move stores; 0 for what is no plain move."""
    if not re.match(r"^v?mov", mnemonic):
        return 0
    if source.startswith("$"):
        return {"b": 1, "w": 2, "l": 4, "q": 8}.get(mnemonic[-1], 0)
    if mnemonic in SCALAR_MOVES:
        return SCALAR_MOVES[mnemonic]
    return next((size for pattern, size in REGISTER_SIZES if re.fullmatch(pattern, source)), 0)


def missing_bytes(code, place):
    """Bytes of the configuration that nothing stores before the instruction at `place`, or only zeros where it needs more."""
    aliases, zeros = {}, set()

    def address(operand):
        found = MEMORY.match(operand)
        if found is None:
            return None
        base, offset = aliases.get(found[2], (found[2], 0))
        return base, offset + int(found[1] or "0", 16)

    stores = []  # (address, size, whether zeros)
    for mnemonic, operands in code[max(0, place - WINDOW):place]:
        target = operands[-1] if operands else ""
        if "(" in target:
            stores.append((address(target), size_of(mnemonic, operands[0]),
                           operands[0] == "$0x0" or number_of(operands[0]) in zeros))
        elif target.startswith("%"):
            aliases.pop(target, None)
            zeros.discard(number_of(target))
            if mnemonic.startswith("lea") and (to := address(operands[0])) is not None:
                aliases[target] = to
            if re.match(r"^v?p?xor", mnemonic) and len(set(operands)) == 1:
                zeros.add(number_of(target))
    base, start = address(code[place][1][0]) or (None, 0)
    stored = {}
    for to, size, zero in stores:
        if to is not None and to[0] == base:
            stored.update((to[1] - start + i, zero) for i in range(size))
    return [i for i in range(SIZE) if i not in stored or (stored[i] and i in NOT_ZERO)]


def configurations(objdump, obj):
    """What each loading of a configuration misses."""
    return [missing_bytes(code, place) for code in functions(objdump, obj)
            for place, (mnemonic, _) in enumerate(code) if mnemonic == "ldtilecfg"]


def expect_whole(objdump, what, obj):
    found = configurations(objdump, obj)
    if not found or any(found):
        sys.exit(f"{what}: expected every store of each tile configuration, missing bytes {found}")


def compile_kernels(compiler, sources, obj):
    ggml = pathlib.Path(sources, "ggml")
    run(compiler, "-march=sapphirerapids", "-O3", "-DNDEBUG", "-std=gnu++17", "-fPIC", "-ffunction-sections", "-fdata-sections",
        f"-I{ggml}/src", f"-I{ggml}/include", f"-I{ggml}/src/ggml-cpu", "-D_GNU_SOURCE", "-include",
        str(ROOT / "third_party/llama.cpp/libraries/print_to_log.h"), "-c", f"{ggml}/src/ggml-cpu/amx/mmq.cpp", "-o", obj)


def expect_a_mistake_found(objdump, scratch):
    """A configuration whose stores were dropped is noticed."""
    source = pathlib.Path(scratch, "mistake.c")
    source.write_text("""
struct config { unsigned char palette, start, reserved[14]; unsigned short columns[16]; unsigned char rows[16]; };
void load(void) {
  _Alignas(64) struct config c = {1, 0, {0}, {64, 64, 32, 32, 64, 64, 64, 64}, {8, 8, 16, 16, 16, 16, 16, 16}};
  __asm__ volatile("ldtilecfg %0" : : "m"(BYTES));
}""")
    for read, whole in (("*(void**)&c", False), ("c", True)):
        obj = f"{scratch}/mistake.o"
        run("cc", "-O3", "-mamx-tile", f"-DBYTES={read}", "-c", str(source), "-o", obj)
        found = configurations(objdump, obj)
        if len(found) != 1 or bool(found[0]) == whole:
            sys.exit(f"a configuration of which {read} is read: expected {'all' if whole else 'not all'} of it, "
                     f"missing bytes {found}")


def main():
    objdump, sources, *libraries = sys.argv[1:]
    compiler = deps.llama_compilers()[1]
    macros = run(compiler, "-march=native", "-dM", "-E", "-x", "c++", "/dev/null")
    with tempfile.TemporaryDirectory() as scratch:
        expect_a_mistake_found(objdump, scratch)
        obj = f"{scratch}/mmq.o"
        compile_kernels(compiler, sources, obj)
        expect_whole(objdump, f"amx/mmq.cpp by {compiler}", obj)
        for name, library in (one.split("=", 1) for one in libraries):
            if name == "native":
                wanted = "__AMX_INT8__" in macros and "__AVX512VNNI__" in macros
            else:
                wanted = re.search(rf'^WASINN_CPU\({name}, ".*AMX_INT8', (ROOT / deps.CPUS).read_text(), re.MULTILINE)
            with open(obj, "wb") as file:
                subprocess.run(["ar", "p", library, "mmq.cpp.o"], stdout=file, check=True)
            if wanted:
                expect_whole(objdump, library, obj)
            elif configurations(objdump, obj):
                sys.exit(f"{library}: expected nothing for AMX")
            print(f"{name}: {'AMX, with its whole tile configuration' if wanted else 'no AMX'}")


if __name__ == "__main__":
    main()
