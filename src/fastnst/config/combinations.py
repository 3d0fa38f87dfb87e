"""Settings that are allowed one by one, but impossible together."""

from fastnst.config.groups import Loss
from fastnst.config.trainer_options import TrainerOptions


def check_loss(loss: Loss) -> None:
    """Refuse a loss that nothing can be learnt from.

    Raises:
        ValueError: naming the keys.
    """
    if not (loss.content_weight or loss.style_weight or loss.tv_weight):
        raise ValueError(
            "loss.content_weight, loss.style_weight and loss.tv_weight are all 0: there is nothing "
            "to learn; give one of them more"
        )


def check_trainer(trainer: TrainerOptions) -> None:
    """Refuse what cannot work on any machine.

    Raises:
        ValueError: naming the keys.
    """
    if trainer["accelerator"] == "mps" and (
        trainer["strategy"] == "ddp" or trainer["num_nodes"] > 1
    ):
        raise ValueError(
            f"trainer.strategy={trainer['strategy']} and trainer.num_nodes={trainer['num_nodes']} "
            f"with trainer.accelerator=mps: processes cannot share the work on Apple's GPUs; use "
            f"trainer=default or trainer.accelerator=cpu"
        )
