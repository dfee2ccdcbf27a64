"""The Fenwick tree against a plain list."""

from hypothesis import given
from hypothesis import strategies as st

from parley.ui.transcript.fenwick import Fenwick

HEIGHTS = st.lists(st.integers(0, 500), max_size=70)
STEP = st.one_of(
    st.tuples(st.just("set"), st.integers(0, 80), st.integers(0, 500)),
    st.tuples(st.just("append"), st.integers(0, 500), st.just(0)),
    st.tuples(st.just("replace"), st.integers(0, 80), st.integers(0, 80)),
    st.tuples(st.just("truncate"), st.integers(0, 80), st.just(0)),
)


@given(HEIGHTS, st.lists(STEP, max_size=30), st.integers(0, 30_000))
def test_like_a_list(heights: list[int], steps: list[tuple[str, int, int]], at: int) -> None:
    tree, plain = Fenwick(heights), list(heights)
    for kind, one, two in steps:
        if kind == "append":
            tree.append(one)
            plain.append(one)
        elif kind == "truncate":
            tree.truncate(one)
            del plain[one:]
        elif kind == "replace":
            start, end = sorted((min(one, len(plain)), min(two, len(plain))))
            tree.replace(start, end, [7, 8, 9])
            plain[start:end] = [7, 8, 9]
        elif one < len(plain):
            tree.set(one, two)
            plain[one] = two
    assert len(tree) == len(plain)
    assert tree.total == sum(plain)
    assert [tree.prefix(n) for n in range(len(plain) + 1)] == [sum(plain[:n]) for n in range(len(plain) + 1)]
    assert [tree[n] for n in range(len(plain))] == tree[:] == plain
    row, rest = tree.find(at)
    if not plain:
        assert (row, rest) == (0, 0)
    elif at < sum(plain):
        assert sum(plain[:row]) + rest == at
        assert 0 <= rest < plain[row]
    else:
        assert (row, rest) == (len(plain) - 1, plain[-1])
