"""Export to ONNX: `python scripts/export.py --ckpt last.ckpt -o model.onnx`. See README.md."""

from fastnst.export import main

if __name__ == "__main__":
    main()
