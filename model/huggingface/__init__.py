"""Weights as `transformers` keeps them: folders of config.json, model.safetensors and vocab.txt, written and read.

Only `weights` needs torch; none of it needs `transformers`.
"""
