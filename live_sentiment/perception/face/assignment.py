"""The cheapest pairing of rows and columns: the linear assignment problem."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cheapest_pairs(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pair every row with a column of its own, or every column with a row, at the lowest sum of costs.

    Shortest augmenting paths with dual variables (Crouse 2016, "On implementing 2D rectangular assignment
    algorithms"), O(n³).

    Args:
        cost: (rows, columns), finite.

    Returns:
        Pairs (row, column) in order of the rows, as many as the smaller side has.
    """
    rows, columns = cost.shape
    if rows > columns:
        return sorted((row, column) for column, row in cheapest_pairs(cost.T))
    row_of = np.full(columns, -1)
    column_of = np.full(rows, -1)
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    for start in range(rows):
        distance = np.full(columns, np.inf)  # of the shortest path that ends in a column
        came_from = np.full(columns, -1)
        done = np.zeros(columns, np.bool_)
        visited = [start]
        row, length = start, 0.0
        while True:
            through = length + cost[row] - row_price[row] - column_price
            shorter = ~done & (through < distance)
            distance[shorter], came_from[shorter] = through[shorter], row
            column = int(np.where(done, np.inf, distance).argmin())
            length = float(distance[column])
            done[column] = True
            if row_of[column] < 0:
                break
            row = int(row_of[column])
            visited.append(row)
        row_price[start] += length
        for row in visited[1:]:
            row_price[row] += length - distance[column_of[row]]
        column_price[done] -= length - distance[done]
        while column >= 0:  # back along the path, each row takes the column after it
            row = int(came_from[column])
            row_of[column] = row
            column, column_of[row] = int(column_of[row]), column
    return list(enumerate(column_of.tolist()))
