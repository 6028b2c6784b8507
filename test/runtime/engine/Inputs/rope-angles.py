"""What rope-angles-test prints, by numpy."""

import numpy

positions = numpy.array([0, 1, 2047, 131071], numpy.float32)
frequencies = numpy.array([1, 0.1, 3.3e-3], numpy.float32)
for factors in ([1, 1, 1], [1, 3, 7]):
    angles = positions[:, None] * (frequencies / numpy.array(factors, numpy.float32))
    assert angles.dtype == numpy.float32
    for angle in angles.astype(numpy.float64).ravel():
        cosine, sine = numpy.float32(numpy.cos(angle)), numpy.float32(numpy.sin(angle))
        print(f"{cosine / 2:.9g} {sine / 2:.9g}")
for length in (1, 512, 2048):
    grown = 10000 * (2 * max(length, 512) / 512 - 1) ** (6 / 4)
    for angle in numpy.float32(length - 1) * (grown ** (-numpy.arange(0, 6, 2) / 6)).astype(numpy.float32):
        print(f"{numpy.cos(numpy.float64(angle)) / 2:.6f} {numpy.sin(numpy.float64(angle)) / 2:.6f}")
