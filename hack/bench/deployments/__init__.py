"""A thousand deployments in AWS at the price of one: what AWS says of one that is converged, said of each.

The simulation converges one deployment while a relay keeps every answer. A server of its own then gives these answers
for any number of deployments, with the ids and the regions of each in the places of the first one's.
"""
