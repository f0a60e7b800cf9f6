"""What leaves kfood with a model: predict.py, which needs nothing of kfood. kfood itself reads photos with it."""
