import { Module } from '@nestjs/common';
import { ReceiptPrinter } from './receipt-printer.js';

@Module({ providers: [ReceiptPrinter], exports: [ReceiptPrinter] })
export class ReceiptModule {}
