"""What trackers (W&B, Trackio, TensorBoard, MLflow) are told of a run."""
