"""A JPEG image made smaller by Pillow, which releases the GIL."""

import io

from PIL import Image


def make_image():
    image = Image.linear_gradient("L").resize((1200, 800)).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


DATA = make_image()
items = list(range(40))


def work(item):
    image = Image.open(io.BytesIO(DATA))
    return len(image.resize((300, 200)).tobytes()) + item
