"""From samples and a recipe to a trained model."""
