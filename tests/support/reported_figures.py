"""The tables of the report's two studies, typed from it a second time, to hold the shipped studies against."""

# What the report says: section, and for each row accuracy on validation, loss, accuracy on test, as far as it has them.
# The row with a star is the one that it went on with.
REPORT = {
    "mission2": {
        "denoising": ("2.1", {"none*": (0.6185, 1.5217), "blur": (), "opening": (), "closing": ()}),
        "batch-size": ("2.1", {"16": (0.6660,), "32": (0.6922,), "64*": (0.6998,), "128": ()}),
        "one-augmentation": ("2.2", {"none": (0.6121,), "crop*": (0.6758,)}),
        "crop-plus-one": (
            "2.2",
            {
                "rotation*": (0.6845, 1.0952, 0.6856),
                "height-shift": (0.6555,),
                "shear": (0.6590,),
                "horizontal-flip": (0.6733,),
                "vertical-flip": (0.6374,),
                "zoom": (0.6711,),
            },
        ),
        "crop-plus-two": ("2.2", {"rotation*": (0.6845, 1.0952, 0.6856), "rotation-flip": (0.6725,)}),
        "architecture": (
            "2.3",
            {
                "resnet18": (0.6845,),
                "resnet34": (0.6616,),
                "resnet50": (0.6373,),
                "resnet101": (),
                "densenet121*": (0.6828, 1.0667, 0.6815),
                "efficientnet-b0": (0.5733,),
                "efficientnet-b1": (0.5773,),
                "mobilenet-v2": (0.6162, 1.2775, 0.6055),
                "inception-v3": (),
            },
        ),
        "architecture-long": ("2.3", {"densenet121*": (0.7662, 0.8416, 0.7682), "resnet18": (0.7190, 1.0033, 0.7234)}),
        "optimizer": (
            "2.4",
            {
                "sgd": (0.2173,),
                "sgd-momentum": (0.6686,),
                "rmsprop": (0.6197, 1.2780, 0.6258),
                "adam": (0.6543, 1.1824, 0.6458),
                "nadam*": (0.6660, 1.1214, 0.6665),
            },
        ),
        "betas": (
            "2.4",
            {"0.95-0.999": (0.6766,), "0.999-0.95": (0.3913,), "0.999-0.999*": (0.7031, 0.9916, 0.7032)},
        ),
        "eps": ("2.4", {"1e-10": (0.7016,), "1e-6": (0.7052,), "1e-8*": (0.7031, 0.9916, 0.7032)}),
        "scheduler": (
            "2.5",
            {"step": (0.6952,), "exponential": (0.7345,), "cosine*": (0.7550,), "none": (0.7525,)},
        ),
        "l2": ("2.5", {"0.01": (0.6218,), "0.001*": (0.7635,), "0.0001": (0.7698,)}),
        "head": ("2.5", {"dropout": (0.7050,), "dropout-bn*": (0.7451,)}),
        "final": (
            "2.6",
            {
                "final*": (0.7771, 0.7511, 0.7730),
                "without-flip": (0.7757, 0.7684, 0.7730),
                "plain-head": (0.7733, 0.7801, 0.7654),
                "no-early-stopping": (0.7705, 0.7638, 0.7651),
            },
        ),
    },
    "mission3": {
        "sampling": ("3.1", {"over": (0.9745,), "under": (0.9665,), "none*": (0.9762, 0.0497)}),
        "batch-size": ("3.1", {"16*": (0.9717,), "32": (0.9702,), "64": (0.9649,), "128": ()}),
        "augmentation": ("3.2", {"crop": (), "crop-rotation*": (), "crop-rotation-flip": ()}),
        "optimizer": (
            "3.2",
            {
                "sgd": (0.6702, 1.9115, 0.6463),
                "adam*": (0.9759, 0.0514, 0.9768),
                "adamw": (0.9717, 0.0751, 0.9705),
                "nadam": (0.9667, 0.0819, 0.9671),
            },
        ),
        "lr": ("3.3", {"0.01": (0.9550,), "0.001*": (0.9731,)}),
        "weight-decay": ("3.3", {"0*": (0.9731,), "0.001": (0.9472,), "0.0001": (0.9660,)}),
        "scheduler": ("3.3", {"step*": (0.9731,), "exponential": (0.9717,), "cosine": (0.9720,)}),
        "betas": ("3.3", {"0.9-0.999*": (0.9731,), "0.999-0.999": (0.9663,)}),
        "base-model": (
            "3.4",
            {"mission2": (0.9373, 0.1742, 0.9325), "mission2-plain-head*": (0.9384, 0.1700, 0.9450)},
        ),
        "remedies": ("3.5", {"none*": (0.9384, 0.1700, 0.9450), "mixup": (), "class-weights": ()}),
        "pair": ("3.5", {"pair*": (0.8910,)}),
    },
}
