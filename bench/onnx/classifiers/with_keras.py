"""A network of Keras on TensorFlow as an ONNX file: `python with_keras.py FOLDER`.

keras-mnist: [N, height, width, channels], takes 0 to 255 because scaling is a layer of its own, gives probabilities.
"""

import os
import pathlib
import sys

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}

import keras
import numpy as np
import tensorflow

import common

keras.utils.set_random_seed(1)
tensorflow.config.threading.set_intra_op_parallelism_threads(1)
tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def network():
    layers = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1), name="picture"),
        layers.Rescaling(1 / 255),
        layers.Conv2D(16, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(),
        layers.SeparableConv2D(32, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(32, 3, padding="valid", activation="swish"),
        layers.Flatten(), layers.Dropout(0.2), layers.Dense(10, activation="softmax"),
    ])  # fmt: skip


def main(folder):
    pictures, labels = common.mnist("train", 12_000)
    model = network()
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(pictures[..., None].astype(np.float32), labels, batch_size=64, epochs=2, verbose=0)
    own = folder / "keras-mnist"
    own.mkdir(parents=True, exist_ok=True)
    model.export(own / "model.onnx", format="onnx", verbose=False)
    pictures, labels = common.mnist("t10k")
    batches = common.split(pictures[..., None].astype(np.float32))
    flags = ["--fit", "stretch", "--range", "0,255"]
    common.finish(own, batches, labels, common.DIGITS, "mnist", flags, ["keras", "tensorflow", "tf2onnx"])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
