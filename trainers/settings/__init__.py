"""What a training is asked for: configuration, trainers' declarations, TRL's arguments."""
