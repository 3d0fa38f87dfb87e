"""ONNX files that somebody made to do harm."""

import pytest
from onnx import TensorProto, helper

from fastnst.machine.errors import UserError
from fastnst.models import onnx_network
from fastnst.models.onnx_network import OnnxNetwork

METADATA = {"format": "fastnst", "architecture": "{}", "style": '{"name": "dots"}', "reach": "57"}
PLANES = ["n", 3, "h", "w"]


def images(name):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, PLANES)


def weight(name="w"):
    return helper.make_tensor(name, TensorProto.FLOAT, [1], [1.0])


def outside(name="w"):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    return tensor


def model(nodes=(), weights=None, **changes):
    """`stylized = images * w`, and more."""
    nodes = nodes or [helper.make_node("Mul", ["images", "w"], ["stylized"])]
    weights = [weight()] if weights is None else weights
    graph = helper.make_graph(nodes, "g", [images("images")], [images("stylized")], weights)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    for key, value in (METADATA | changes).items():
        made.metadata_props.add(key=key, value=value)
    return made


def choice():
    """An If, whose branches are graphs of their own."""
    branch = helper.make_graph(
        [helper.make_node("Identity", ["images"], ["b"])], "b", [], [images("b")]
    )
    yes = helper.make_tensor("c", TensorProto.BOOL, [], [True])
    node = helper.make_node("If", ["c"], ["stylized"], then_branch=branch, else_branch=branch)
    return model([node], [yes])


def function():
    made = model([helper.make_node("Relu", ["images"], ["stylized"])], [])
    node = helper.make_node("Erf", ["a"], ["b"])
    opset = helper.make_opsetid("", 18)
    made.functions.append(helper.make_function("", "Relu", ["a"], ["b"], [node], [opset]))
    return made


def constant(tensor):
    nodes = [
        helper.make_node("Constant", [], ["c"], value=tensor),
        helper.make_node("Mul", ["images", "c"], ["stylized"]),
    ]
    return model(nodes, [])


def node(operator, domain=""):
    return model([helper.make_node(operator, ["images"], ["stylized"], domain=domain)])


@pytest.fixture
def opened(monkeypatch):
    """How often onnxruntime is given a file."""
    calls = []

    def open_(*arguments):
        calls.append(arguments)
        return real(*arguments)

    real = onnx_network._open
    monkeypatch.setattr(onnx_network, "_open", open_)
    return calls


@pytest.mark.parametrize("made", [model(), node("Relu"), constant(weight())])
def test_what_is_sound_is_run(tmp_path, opened, made):
    (tmp_path / "a.onnx").write_bytes(made.SerializeToString())
    OnnxNetwork(tmp_path / "a.onnx")
    assert opened


@pytest.mark.parametrize(
    "made",
    [
        model(weights=[outside()]), constant(outside()), choice(), function(), node("Erf"),
        node("Scaler", "ai.onnx.ml"), node("Relu", "another.program"),
    ],
    ids=["weights outside", "constant outside", "branches", "function", "operator", "other domain",
         "unknown domain"],
)  # fmt: skip
def test_what_no_export_has_is_refused_unopened(tmp_path, opened, made):
    (tmp_path / "weights.bin").write_bytes(bytes(4))
    (tmp_path / "a.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(UserError, match="is not an ONNX file of fastnst"):
        OnnxNetwork(tmp_path / "a.onnx")
    assert not opened


def test_a_file_larger_than_any_network_is_not_read(tmp_path, opened, monkeypatch):
    content = model().SerializeToString()
    (tmp_path / "a.onnx").write_bytes(content)
    monkeypatch.setattr(onnx_network, "LARGEST", len(content) - 1)
    with pytest.raises(UserError, match="is not an ONNX file of fastnst"):
        OnnxNetwork(tmp_path / "a.onnx")
    assert not opened


@pytest.mark.parametrize(
    "changes",
    [
        {"reach": "-1"}, {"reach": "1000000000"}, {"reach": "5.5"}, {"reach": "9" * 5000},
        {"style": '{"name": "dots", "title": [1]}'}, {"style": '{"name": "a/b"}'},
        {"architecture": "[" * 100_000},
    ],
)  # fmt: skip
def test_absurd_metadata_are_refused(tmp_path, changes):
    (tmp_path / "a.onnx").write_bytes(model(**changes).SerializeToString())
    with pytest.raises(UserError, match="is not an ONNX file of fastnst"):
        OnnxNetwork(tmp_path / "a.onnx")
