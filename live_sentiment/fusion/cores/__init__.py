"""The cores of the learnt fusers, one small file each: tokens of all modalities in, one vector out."""
