#!/usr/bin/env python3
"""What the scripts write, looked at without any framework: models_test.py"""

import io
import pickletools
import re
import struct
import unittest
import xml.etree.ElementTree as xml
import zipfile

import flatbuffers
import make_gguf
import make_openvino
import make_savedmodel
import make_tflite
import make_torchscript
from logical import ELEMENT_TYPES, MODELS

MAKERS = (make_openvino, make_savedmodel, make_tflite, make_torchscript)


def model(name):
    return next(one for one in MODELS if one.name == name)


def fields(message):
    """A protobuf message as {number: [values]}."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            value, at = message[at:at + value], at + value
        found.setdefault(tag >> 3, []).append(value)
    return found


class Models(unittest.TestCase):
    def test_every_type_has_a_model(self):
        names = {one.name for one in MODELS}
        for dtype in ELEMENT_TYPES:
            self.assertIn(f"identity_{dtype}", names)

    def test_the_bytes_are_the_same_each_time(self):
        for maker in MAKERS:
            for one in MODELS:
                if one.name not in getattr(maker, "LEFT_OUT", ()):
                    self.assertEqual(maker.build(one), maker.build(one), f"{maker.__name__} {one.name}")
        self.assertEqual(make_gguf.build(), make_gguf.build())

    def test_types_are_all_known_or_left_out(self):
        for maker in (make_openvino, make_savedmodel, make_tflite):
            for dtype in ELEMENT_TYPES:
                known = dtype in maker.TYPES
                left_out = f"identity_{dtype}" in getattr(maker, "LEFT_OUT", ())
                self.assertTrue(known != left_out, f"{maker.__name__} {dtype}")


class OpenVino(unittest.TestCase):
    def test_edges_join_ports_that_are_there(self):
        for one in MODELS:
            root = xml.fromstring(make_openvino.build(one)["model.xml"])
            layers = {layer.get("id"): layer for layer in root.find("layers")}
            for edge in root.find("edges"):
                for end, way in (("from", "output"), ("to", "input")):
                    ports = layers[edge.get(f"{end}-layer")].find(way)
                    self.assertIn(edge.get(f"{end}-port"), [port.get("id") for port in ports], one.name)

    def test_weights_lie_within_their_file(self):
        files = make_openvino.build(model("scalar"))
        data = xml.fromstring(files["model.xml"]).find("layers/layer[@type='Const']/data")
        self.assertEqual((data.get("offset"), data.get("size")), ("0", "4"))
        self.assertEqual(files["model.bin"], struct.pack("<f", 1))


class SavedModel(unittest.TestCase):
    def test_signature_names_tensors_of_the_graph(self):
        for one in MODELS:
            meta = fields(fields(make_savedmodel.build(one)["saved_model.pb"])[2][0])
            nodes = {fields(node)[1][0] for node in fields(meta[2][0])[1]}
            signature = fields(fields(meta[5][0])[2][0])
            for number, names in ((1, [port.name for port in one.inputs]), (2, [output.name for output in one.outputs])):
                given = [fields(entry) for entry in signature[number]]
                self.assertEqual([entry[1][0].decode() for entry in given], names)
                for entry in given:
                    tensor = fields(entry[2][0])[1][0]
                    self.assertEqual(tensor[-2:], b":0")
                    self.assertIn(tensor[:-2], nodes)

    def test_numbers_below_zero_have_ten_bytes(self):
        self.assertEqual(make_savedmodel.varint(-1), b"\xff" * 9 + b"\x01")
        self.assertEqual(make_savedmodel.varint(300), b"\xac\x02")


class TensorFlowLite(unittest.TestCase):
    def test_the_root_has_one_graph_with_all_ports(self):
        for one in MODELS:
            if one.name in make_tflite.LEFT_OUT:
                continue
            data = make_tflite.build(one)["model.tflite"]
            self.assertEqual(data[4:8], b"TFL3")
            root = flatbuffers.table.Table(data, flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0))
            graphs = root.Offset(4 + 2 * 2)
            self.assertEqual(root.VectorLen(graphs), 1)
            graph = flatbuffers.table.Table(data, root.Indirect(root.Vector(graphs)))
            self.assertEqual(graph.VectorLen(graph.Offset(4 + 2 * 1)), len(one.inputs))
            self.assertEqual(graph.VectorLen(graph.Offset(4 + 2 * 2)), len(one.outputs))


class TorchScript(unittest.TestCase):
    def test_archive_is_whole_and_its_pickles_end(self):
        for one in MODELS:
            with zipfile.ZipFile(io.BytesIO(make_torchscript.build(one)["model.pt"])) as archive:
                self.assertIsNone(archive.testzip())
                for name in ("model/data.pkl", "model/constants.pkl"):
                    self.assertEqual(list(pickletools.genops(archive.read(name)))[-1][0].name, "STOP")

    def test_program_has_the_inputs_in_their_order(self):
        text = make_torchscript.program(model("many"))
        self.assertEqual(re.findall(r"(\w+): Tensor", text), [f"i{i}" for i in range(16)])
        self.assertIn("Tuple[Tensor, Tensor]", make_torchscript.program(model("pair")))


class Gguf(unittest.TestCase):
    def test_tensors_begin_where_the_head_says(self):
        data = make_gguf.build()["model.gguf"]
        magic, version, tensors, values = struct.unpack_from("<4sIQQ", data)
        self.assertEqual((magic, version), (b"GGUF", 3))
        self.assertEqual((tensors, values), (12, 21))
        numbers = make_gguf.tensors(make_gguf.vocabulary())["token_embd.weight"][1]
        first = data.index(struct.pack("<8f", *numbers[:8]))
        self.assertEqual(first % make_gguf.ALIGNMENT, 0)

    def test_after_each_letter_comes_the_next(self):
        tokens = make_gguf.vocabulary()
        number = {text: i for i, (text, _) in enumerate(tokens)}
        weights = make_gguf.tensors(tokens)
        size = make_gguf.SIZE

        def row(name, token):
            return weights[name][1][token * size:(token + 1) * size]

        for one, other in (("a", "b"), ("y", "z"), ("z", "</s>"), ("0", "1"), ("9", "</s>")):
            embedding = row("token_embd.weight", number[one])
            scores = [sum(x * y for x, y in zip(embedding, row("output.weight", token))) for token in range(len(tokens))]
            self.assertEqual(tokens[scores.index(max(scores))][0], other)


if __name__ == "__main__":
    unittest.main()
