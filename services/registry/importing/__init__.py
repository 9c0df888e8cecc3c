"""Imports at work: a file becomes rows, rows become verdicts, verdicts become changes of the register.

    reading   the file is taken apart by a process of its own (shared.sheets); its rows are stored as they are
    matching  columns are matched to fields by their headings and by what stands under them; a person may correct it
    judging   each row is new, changed, duplicate or wrong, with its reason
    applying  all of it in one transaction, gathered beforehand (shared.staging); so is an undo

Invariants:
1. A step is worked on by one process, which says so every few seconds (`Hold`). When it is killed, the next one goes
   on with what is stored, or begins the step again; what is half-done is seen by nobody.
2. The register changes in one transaction or not at all, and only from what somebody could see in the preview: a
   network changed meanwhile sends the import back to be looked at.
3. What is judged never depends on the order of work: every row is compared with the register and with the rows above.
"""
