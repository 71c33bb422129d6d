"""A Python server to time atelier's beside: FastAPI on uvicorn, pictures by Pillow, the exported network in onnxruntime.

    uvicorn server:app --workers 2        with MODEL=digits-cnn.onnx in the environment

It answers what `atelier serve` answers to one picture in the body of a POST, and does less to it: the picture is brought to the
network's size, while atelier also frames a digit.
"""

import io
import json
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, HTTPException, Request
from PIL import Image, UnidentifiedImageError

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1  # a process for each core
options.add_free_dimension_override_by_name("N", 1)
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
app = FastAPI()


@app.post("/v1/predict")
async def predict(request: Request) -> dict:
    try:
        picture = Image.open(io.BytesIO(await request.body())).convert("L")
    except UnidentifiedImageError as error:
        raise HTTPException(422, str(error)) from error
    if picture.size != (28, 28):
        picture = picture.resize((28, 28), Image.Resampling.BILINEAR)
    pixels = np.asarray(picture, np.float32)[None, None] / 255
    if pixels[..., 0].mean() > 0.5:  # dark ink on light paper
        pixels = 1 - pixels
    logits = session.run(None, {"image": pixels})[0][0]
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    best = int(shares.argmax())
    prediction = {"class": classes[best], "score": float(shares[best]), "probabilities": shares.tolist(), "detections": []}
    return {"model": "digits-cnn", "predictions": [prediction]}
