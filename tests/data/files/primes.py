"""Prints the prime numbers below a limit."""

import argparse
import math
from collections.abc import Iterator


def primes(limit: int) -> Iterator[int]:
    sieve = bytearray([1]) * limit
    for number in range(2, math.isqrt(limit) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit, number)))
    for number in range(2, limit):
        if sieve[number]:
            yield number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("limit", type=int, nargs="?", default=100)
    arguments = parser.parse_args()
    print(*primes(arguments.limit))


if __name__ == "__main__":
    main()
