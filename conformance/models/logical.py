"""What the suite's small models compute, for all the scripts that write them in some framework's format.

A model is its inputs and, for each output, the operation that makes it from one or two inputs: identity, add,
double (x + x) or increment (x + 1). An output has the type and the dims of its first input. In dims -1 is any
size; dims of None are any rank.
"""

from dataclasses import dataclass

ELEMENT_TYPES = ("f16", "bf16", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool", "string")
MANY = 16


@dataclass(frozen=True)
class Port:
    name: str
    dtype: str = "f32"
    dims: tuple | None = (-1,)


@dataclass(frozen=True)
class Output:
    name: str
    operation: str
    arguments: tuple


@dataclass(frozen=True)
class Model:
    name: str
    inputs: tuple
    outputs: tuple

    def port(self, name):
        return next(port for port in self.inputs if port.name == name)

    def output_port(self, output):
        """The output as a port: its own name, its first input's type and dims."""
        first = self.port(output.arguments[0])
        return Port(output.name, first.dtype, first.dims)


def identity(name, dtype="f32", dims=(-1,)):
    return Model(name, (Port("x", dtype, dims),), (Output("y", "identity", ("x",)),))


def two_types(name, operation):
    return Model(name, (Port("a", "f32", (2,)), Port("b", "i64", (2,))),
                 (Output("a2", operation, ("a",)), Output("b2", operation, ("b",))))


MODELS = (
    *(identity(f"identity_{dtype}", dtype) for dtype in ELEMENT_TYPES),
    identity("identity_4", dims=(4,)),
    identity("identity_602112", dims=(1, 3, 224, 224)),
    identity("identity_any_rank", dims=None),
    identity("dynamic", dims=(-1, 3, -1)),
    identity("zero", dims=(-1, 0)),
    identity("scalar_identity", dims=()),
    Model("scalar", (Port("x", "f32", ()),), (Output("y", "increment", ("x",)),)),
    Model("add", (Port("a", "f32", (4,)), Port("b", "f32", (4,))), (Output("sum", "add", ("a", "b")),)),
    two_types("multi_io", "double"),
    two_types("pair", "identity"),
    Model("many", tuple(Port(f"i{i}", "f32", (1,)) for i in range(MANY)),
          tuple(Output(f"o{i}", "identity", (f"i{i}",)) for i in range(MANY))),
)
