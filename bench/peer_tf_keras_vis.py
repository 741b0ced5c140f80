"""One filter by tf-keras-vis, as its documentation does it: run by `bench.peers` in the peer's environment.

python -m bench.peer_tf_keras_vis LAYER FILTER WEIGHTS.npz THREADS OUTPUT.png
"""

import json
import sys
import time

import numpy as np


def main() -> None:
    """Write the picture; print the seconds that it took as JSON."""
    layer, filter, weights, threads, output = sys.argv[1:]
    from pipeline.machine import start as runtime

    runtime.import_tensorflow(int(threads))
    import keras
    from PIL import Image
    from tf_keras_vis.activation_maximization import ActivationMaximization
    from tf_keras_vis.utils.model_modifiers import ExtractIntermediateLayer, ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    with np.load(weights, allow_pickle=False) as tensors:
        for each in model.layers:
            if each.weights:
                each.set_weights([tensors[f"{each.name}/kernel"], tensors[f"{each.name}/bias"]])
    modifiers = [ExtractIntermediateLayer(index_or_name=layer), ReplaceToLinear()]
    maximise = ActivationMaximization(model, model_modifier=modifiers, clone=False)
    start = time.perf_counter()
    image = maximise(CategoricalScore(int(filter)))
    seconds = time.perf_counter() - start
    Image.fromarray(np.clip(np.asarray(image)[0], 0, 255).astype(np.uint8)).save(output)
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
