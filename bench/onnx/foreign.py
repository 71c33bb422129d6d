"""Writes classifiers of other programs as ONNX files, with inputs and onnxruntime's outputs: `python foreign.py FOLDER`.

scikit-learn's models need scikit-learn and skl2onnx, PyTorch's torch and torchvision (with onnxscript for its newer
exporter); what is not installed is left out. The form is that of cases.py, so that the test `onnx_cases` reads the folder
too: `ONNX_CASES=FOLDER cargo test -p atelier-onnx onnx_cases -- --nocapture`.
"""

import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

warnings.filterwarnings("ignore")


def write(folder, model, x, tolerance="1e-3 1e-5"):
    """A case: the model on x, as onnxruntime runs it."""
    folder.mkdir(parents=True, exist_ok=True)
    data = model.SerializeToString()
    (folder / "model.onnx").write_bytes(data)
    (folder / "tolerance.txt").write_text(tolerance + "\n")
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: x})
    (folder / "input_0.pb").write_bytes(numpy_helper.from_array(x).SerializeToString())
    for index, output in enumerate(outputs):
        if isinstance(output, list):  # ZipMap: one map for each row, which is a row of probabilities here
            output = np.array([list(row.values()) for row in output], np.float32)
        (folder / f"output_{index}.pb").write_bytes(numpy_helper.from_array(np.asarray(output)).SerializeToString())
    operators = sorted({node.op_type for node in model.graph.node})
    print(folder.name, len(model.graph.node), "nodes,", " ".join(operators), flush=True)


def scikit_learn(folder):
    from skl2onnx import to_onnx
    from sklearn.datasets import load_digits
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression, RidgeClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
    from sklearn.svm import SVC, LinearSVC
    from sklearn.tree import DecisionTreeClassifier

    digits = load_digits()
    x, y = digits.data.astype(np.float32), digits.target
    binary = (y % 2).astype(np.int64)
    named = np.array([f"digit {label}" for label in y])
    models = {
        "logistic": (LogisticRegression(max_iter=200), y),
        "logistic-binary": (LogisticRegression(max_iter=200), binary),
        "logistic-names": (make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)), named),
        "ridge": (RidgeClassifier(), y),
        "discriminant": (LinearDiscriminantAnalysis(), y),
        "bayes": (GaussianNB(), y),
        "tree": (DecisionTreeClassifier(max_depth=6), y),
        "tree-binary": (DecisionTreeClassifier(max_depth=6), binary),
        "forest": (RandomForestClassifier(20, max_depth=8), y),
        "forest-binary": (RandomForestClassifier(20, max_depth=8), binary),
        "forest-names": (ExtraTreesClassifier(10, max_depth=8), named),
        "boosting": (GradientBoostingClassifier(n_estimators=5), y),
        "boosting-binary": (GradientBoostingClassifier(n_estimators=5), binary),
        "svm": (SVC(), y),
        "svm-probabilities": (SVC(probability=True), y),
        "svm-binary": (SVC(kernel="poly"), binary),
        "svm-binary-probabilities": (SVC(kernel="sigmoid", gamma=0.001, probability=True), binary),
        "svm-linear": (LinearSVC(), y),
        "network": (make_pipeline(MinMaxScaler(), MLPClassifier((32, 16), max_iter=60)), y),
        "network-binary": (make_pipeline(Normalizer(), MLPClassifier((16,), max_iter=60)), binary),
        "components": (make_pipeline(StandardScaler(), PCA(20), SVC()), named),
    }
    for name, (model, labels) in models.items():
        model.fit(x[:800], labels[:800])
        for form, options in (("maps", {}), ("plain", {"zipmap": False})):
            try:
                exported = to_onnx(model, x[:1], options=options, target_opset={"": 18, "ai.onnx.ml": 3})
            except Exception as error:  # what can't be exported so is no case
                print(name, form, str(error).splitlines()[0])
                continue
            write(folder / f"sklearn-{name}-{form}", exported, x[800:1000])


def pytorch(folder):
    import torch
    import torchvision

    models = torchvision.models
    torch.manual_seed(1)
    torch.set_num_threads(2)
    names = [
        "alexnet", "resnet18", "resnext50_32x4d", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0",
        "densenet121", "squeezenet1_1", "shufflenet_v2_x0_5", "mnasnet0_5", "regnet_y_400mf", "convnext_tiny",
        "vit_b_16", "swin_t", "vgg11_bn", "googlenet", "inception_v3",
    ]  # fmt: skip
    for name in names:
        size = 224 if name in ("alexnet", "vit_b_16") else 96
        extra = {"init_weights": True, "aux_logits": False} if name in ("googlenet", "inception_v3") else {}
        model = getattr(models, name)(weights=None, num_classes=10, **extra).eval()
        for module in model.modules():  # as if trained
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_var.uniform_(0.5, 1.5)
                module.running_mean.normal_(0, 0.2)
        x = torch.rand(2, 3, size, size)
        for form, dynamo in (("traced", False), ("dynamo", True)):
            path = folder / "exported.onnx"
            batch = {"dynamic_shapes": ({0: torch.export.Dim.DYNAMIC},)} if dynamo else {"dynamic_axes": {"x": {0: "N"}}}
            try:
                torch.onnx.export(
                    model, (x,), str(path), dynamo=dynamo, input_names=["x"], output_names=["y"],
                    external_data=False, opset_version=18, verbose=False, **batch,
                )  # fmt: skip
            except Exception as error:
                print(name, form, str(error).splitlines()[0])
                continue
            write(folder / f"torch-{name}-{form}", onnx.load(path), x.numpy())
            path.unlink()


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for source in (scikit_learn, pytorch):
        try:
            source(folder)
        except ImportError as error:
            print(f"{source.__name__}: left out ({error})")


if __name__ == "__main__":
    main()
