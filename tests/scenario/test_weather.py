"""A short storm; `make weather SEED=1 MINUTES=5` is a long one."""
import os

from weather import weather


def test_the_network_comes_through_a_storm_equal_whole_and_once():
    print(weather(int(os.environ.get("RX_SEED", "1")), 30))
