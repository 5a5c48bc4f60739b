"""How good a trained model is: figures with intervals, plots, ablations, and one page that shows them."""
