#!/usr/bin/env python3
"""Makes the suite's models for OpenVINO: IR 11, the XML and the file with its weights.

    make_openvino.py FOLDER          the suite's models folder; no package, no network

The format is text and is written by hand, so that a build needs no OpenVINO; check_models.py loads the models with it.
"""

import argparse
import pathlib
import struct
import xml.etree.ElementTree as xml

from logical import MODELS, Port
from manifest import Framework

# OpenVINO reads it, but its CPU cannot run it.
LEFT_OUT = ("identity_any_rank",)

# Our name: the element type, and the precision as ports spell it.
TYPES = {dtype: (dtype, dtype.upper()) for dtype in ("bf16", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "string")}
TYPES |= {"f16": ("f16", "FP16"), "f32": ("f32", "FP32"), "f64": ("f64", "FP64"), "bool": ("boolean", "BOOL")}


class Net:
    def __init__(self, name):
        self.root = xml.Element("net", name=name, version="11")
        self.layers = xml.SubElement(self.root, "layers")
        self.edges = xml.SubElement(self.root, "edges")
        self.made = []
        self.weights = b""

    def layer(self, kind, opset, name, port, sources=(), data=None, names=None):
        """Adds a layer whose inputs come from the layers `sources` and whose output is like `port`. Its number."""
        number = len(self.layers)
        self.made.append(port)
        layer = xml.SubElement(self.layers, "layer", id=str(number), name=name, type=kind, version=opset)
        if data:
            xml.SubElement(layer, "data", **data)
        if sources:
            ports = xml.SubElement(layer, "input")
            for i, source in enumerate(sources):
                self.port(ports, i, self.made[source])
                # A layer's only output has the number after its inputs.
                inputs = self.layers[source].find("input")
                xml.SubElement(self.edges, "edge", {
                    "from-layer": str(source), "from-port": str(0 if inputs is None else len(inputs)),
                    "to-layer": str(number), "to-port": str(i)})
        if kind != "Result":
            self.port(xml.SubElement(layer, "output"), len(sources), port, names)
        return number

    @staticmethod
    def port(parent, number, port, names=None):
        made = xml.SubElement(parent, "port", id=str(number), precision=TYPES[port.dtype][1])
        if names:
            made.set("names", names)
        for dim in port.dims or ():
            xml.SubElement(made, "dim").text = str(dim)

    def text(self):
        xml.indent(self.root)
        return b'<?xml version="1.0"?>\n' + xml.tostring(self.root) + b"\n"


def shape(dims):
    if dims is None:
        return "..."
    return ",".join("?" if dim == -1 else str(dim) for dim in dims)


def compute(net, operation, name, port, arguments):
    """The layers of one output; the number of the last."""
    if operation == "identity":
        # A conversion that changes nothing: every version has it. Strings have none; a zero keeps their dim.
        if port.dtype == "string":
            net.weights = struct.pack("<q", 0)
            zero = net.layer("Const", "opset1", "keep", Port("keep", "i64", (1,)), data={
                "element_type": "i64", "shape": "1", "offset": "0", "size": "8"})
            return net.layer("Reshape", "opset1", name, port, [*arguments, zero], {"special_zero": "true"}, name)
        return net.layer("Convert", "opset1", name, port, arguments, {"destination_type": TYPES[port.dtype][0]}, name)
    if operation == "double":
        arguments = arguments * 2
    if operation == "increment":
        net.weights = struct.pack("<f", 1)
        arguments = [*arguments, net.layer("Const", "opset1", "one", port, data={
            "element_type": "f32", "shape": shape(port.dims), "offset": "0", "size": "4"})]
    return net.layer("Add", "opset1", name, port, arguments, {"auto_broadcast": "numpy"}, name)


def build(model):
    net = Net(model.name)
    numbers = {port.name: net.layer("Parameter", "opset1", port.name, port, names=port.name, data={
        "shape": shape(port.dims), "element_type": TYPES[port.dtype][0]}) for port in model.inputs}
    for output in model.outputs:
        port = model.output_port(output)
        last = compute(net, output.operation, output.name, port, [numbers[name] for name in output.arguments])
        net.layer("Result", "opset1", f"{output.name}_result", port, [last])
    return {"model.xml": net.text(), "model.bin": net.weights}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    with Framework(parser.parse_args().folder, "openvino", "openvino") as framework:
        for model in MODELS:
            if model.name not in LEFT_OUT:
                framework.add(model.name, build(model))


if __name__ == "__main__":
    main()
