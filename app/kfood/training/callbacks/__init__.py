"""What happens while a training runs: fastai callbacks."""
