"""Make the weights of the compact loss network: `python scripts/distill_loss_network.py`. See
docs/compact_loss_network.md."""

from fastnst.distill import main

if __name__ == "__main__":
    main()
